import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundleOf } from '../../lib/bundles.ts'

describe('the bundle of a function', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fanout-bundles-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is found in whichever folder has it', async () => {
    await mkdir(join(folder, 'b/event'), { recursive: true })
    await writeFile(join(folder, 'b/event/index.mjs'), '')
    expect(bundleOf('event', [join(folder, 'a'), join(folder, 'b')])).toBe(join(folder, 'b/event'))
  })

  it('is in a folder that is named as files are', async () => {
    await mkdir(join(folder, 'disconnect-user'))
    await writeFile(join(folder, 'disconnect-user/index.mjs'), '')
    expect(bundleOf('disconnectUser', [folder])).toBe(join(folder, 'disconnect-user'))
  })

  it('is missed with its name and how to make it, also when the folder is there and empty', async () => {
    await mkdir(join(folder, 'event'))
    expect(() => bundleOf('event', [folder])).toThrow(
      `no bundle of the function "event" in ${folder}; make it with "npm run build"`,
    )
  })
})
