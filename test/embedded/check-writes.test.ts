import { describe, expect, it } from 'vitest'
import { checkWrites } from '../../src/embedded/check-writes.ts'
import { GroupCommit } from '../../src/embedded/group-commit.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { MemoryStore } from './memory-store.ts'

const LONG = 60_000

describe('the check of the disk', () => {
  it('passes where a write goes through', async () => {
    const store = new MemoryStore()
    await checkWrites(new GroupCommit(store), new ManualClock(), LONG)
    expect(store.commits).toHaveLength(1)
  })

  it('fails where a write fails', async () => {
    const store = new MemoryStore()
    store.manual = true
    const check = expect(checkWrites(new GroupCommit(store), new ManualClock(), LONG)).rejects.toMatchObject({
      code: 'unavailable',
    })
    await expect.poll(() => store.commits.length).toBe(1)
    store.commits[0]!.fail(new Error('Input/output error'))
    await check
  })

  it('fails where the disk never answers', async () => {
    const store = new MemoryStore()
    store.manual = true
    const check = checkWrites(new GroupCommit(store), new ManualClock(), 1)
    await expect(check).rejects.toThrow('did not take a write within 1 ms')
  })
})
