import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DataFolder, openDataFolder } from '../../src/embedded/data-folder.ts'
import { sampleEvent } from '../contract/samples.ts'
import { Child, type Said } from './children.ts'
import { removeFolder, temporaryFolder } from './folders.ts'

const ALL = { events: 1_000_000, bytes: 1_000_000_000 }

let path: string
beforeEach(() => {
  path = temporaryFolder()
})
afterEach(() => {
  removeFolder(path)
})

/** Every log is whole, and has each event that was acknowledged where the acknowledgement said. */
async function expectKept(folder: DataFolder, acknowledged: readonly Said[]): Promise<void> {
  for (let user = 0; user < 5; user++) {
    const userId = `u${user}`
    const { entries } = await folder.log.newest(userId, ALL)
    const offsets = entries.map(({ offset }) => offset)
    expect(offsets).toEqual(offsets.map((_, i) => offsets[0]! + i))
    const ids = entries.map(({ text }) => (JSON.parse(text) as { id: string }).id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { id, recipients } of acknowledged) {
      const mine = recipients!.find((recipient) => recipient.userId === userId)
      if (mine !== undefined) expect(ids[mine.offset - offsets[0]!]).toBe(id)
    }
  }
}

describe('a process that is killed in the middle of publishing', () => {
  it('has lost nothing that it acknowledged, and left no hole', async () => {
    const acknowledged: Said[] = []
    for (const lines of [7, 150]) {
      const child = new Child('publish', path)
      for (let i = 0; i < lines; i++) acknowledged.push((await child.next())!)
      await child.kill()
      acknowledged.push(...(await child.rest()))
      const folder = openDataFolder(path)
      await expectKept(folder, acknowledged)
      await folder.close()
    }
    expect(acknowledged.every(({ id }) => id !== undefined)).toBe(true)
  })
})

describe('a disk that is full', () => {
  it('refuses to acknowledge, and takes up again where it was, without a hole', async () => {
    const child = new Child('fill', path, 4000)
    const said = await child.rest()
    const acknowledged = said.filter(({ id }) => id !== undefined)
    expect(acknowledged.length).toBeGreaterThan(5)
    expect(said.at(acknowledged.length)).toEqual({ refused: 'unavailable' })
    const folder = openDataFolder(path)
    await expectKept(folder, acknowledged)
    const [appended] = await folder.log.append([sampleEvent('after', ['u0', 'u1', 'u2', 'u3', 'u4'])])
    expect(appended?.status).toBe('appended')
    await expectKept(folder, acknowledged)
    await folder.close()
  })
})
