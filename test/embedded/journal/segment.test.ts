import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeRecord } from '../../../src/embedded/journal/record.ts'
import { Segment } from '../../../src/embedded/journal/segment.ts'
import { removeFolder, temporaryFolder } from '../folders.ts'

const PAGE = 4096

const record = (sequence: number, bytes = 10) =>
  encodeRecord({ sequence, changes: [{ key: Buffer.from([1]), value: Buffer.alloc(bytes, sequence) }] })

describe('a file of the journal', () => {
  let folder: string
  let file: string
  let segment: Segment
  beforeEach(() => {
    folder = temporaryFolder()
    file = join(folder, 'journal-0')
    segment = new Segment(file, 1_000_000)
  })
  afterEach(() => {
    segment.close()
    removeFolder(folder)
  })

  const sequences = () => segment.read().map(({ sequence }) => sequence)

  it('is its owner’s alone, and empty at first', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(sequences()).toEqual([])
  })

  it('has what was appended, in order', async () => {
    for (const sequence of [3, 4, 5]) await segment.append(record(sequence))
    expect(sequences()).toEqual([3, 4, 5])
  })

  it('is made longer ahead of what is written', async () => {
    await segment.append(record(1))
    expect(statSync(file).size).toBe(1024 * 1024)
    await segment.append(record(2))
    expect(statSync(file).size).toBe(1024 * 1024)
  })

  it('says when a record has no room, each in pages of its own', async () => {
    const small = new Segment(join(folder, 'small'), 5000)
    expect(small.fits(5000)).toBe(true)
    expect(small.fits(5001)).toBe(false)
    await small.append(record(1))
    expect(small.fits(5000 - PAGE)).toBe(true)
    expect(small.fits(5001 - PAGE)).toBe(false)
    small.rewind()
    expect(small.fits(5000)).toBe(true)
    small.close()
  })

  it.each([1, 10, 4000, 4060, 4063, 4064, 4065, 9000])(
    'does not take what is left from before for its own, after a first record with %i bytes',
    async (bytes) => {
      for (const sequence of [1, 2, 3, 4]) await segment.append(record(sequence))
      segment.rewind()
      await segment.append(record(9, bytes))
      expect(sequences()).toEqual([9])
    },
  )

  it('ends before a record that was cut short', async () => {
    for (const sequence of [1, 2, 3]) await segment.append(record(sequence))
    const two = 2 * PAGE
    truncateSync(file, two + record(3).length - 1)
    expect(sequences()).toEqual([1, 2])
    // Where the disk has written other parts of it: also none.
    const bytes = readFileSync(file)
    bytes.fill(0, two, two + 8)
    writeFileSync(file, bytes)
    expect(sequences()).toEqual([1, 2])
  })
})
