import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { FanoutError } from '../../src/core/errors.ts'
import { GroupCommit, type Job } from '../../src/embedded/group-commit.ts'
import { MemoryStore } from './memory-store.ts'

const KEY = Buffer.from('counter')
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Counts up, and answers the number before. */
const next: Job<number> = (batch) => {
  const before = Number(batch.get(KEY)?.toString() ?? '0')
  batch.put(KEY, Buffer.from(String(before + 1)))
  return before
}

let store: MemoryStore
let writer: GroupCommit
const failures: unknown[] = []
beforeEach(() => {
  store = new MemoryStore()
  failures.length = 0
  writer = new GroupCommit(store, { onFailure: (error) => failures.push(error) })
})

/** Lets everything happen that can happen without a commit. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn()
}

describe('jobs', () => {
  it('run in the order in which they were queued, each seeing what those before it wrote', async () => {
    expect(await Promise.all(range(100).map(() => writer.run(next)))).toEqual(range(100))
    expect(store.commits).toHaveLength(1)
    expect(await writer.run(next)).toBe(100)
  })

  it('are answered only when the batch is on disk', async () => {
    store.manual = true
    const answered: number[] = []
    const jobs = range(3).map(() => writer.run(next).then((answer) => answered.push(answer)))
    await settle()
    expect(store.commits).toHaveLength(1)
    expect(answered).toEqual([])
    store.commits[0]!.succeed()
    await Promise.all(jobs)
    expect(answered).toEqual([0, 1, 2])
  })

  it('are refused while too many wait, and taken again afterwards', async () => {
    store.manual = true
    const bounded = new GroupCommit(store, { queue: 2 })
    const first = bounded.run(next)
    await settle()
    const waiting = [bounded.run(next), bounded.run(next)]
    await expect(bounded.run(next)).rejects.toThrow(
      '2 writes wait for the data folder already; try again later',
    )
    store.commits[0]!.succeed()
    await first
    await settle()
    store.commits[1]!.succeed()
    expect(await Promise.all(waiting)).toEqual([1, 2])
    store.manual = false
    expect(await bounded.run(next)).toBe(3)
  })

  it('that come during a commit share the next', async () => {
    store.manual = true
    const first = writer.run(next)
    await settle()
    const second = range(50).map(() => writer.run(next))
    await settle()
    expect(store.commits).toHaveLength(1)
    store.commits[0]!.succeed()
    await first
    await settle()
    expect(store.commits).toHaveLength(2)
    store.commits[1]!.succeed()
    expect(await Promise.all(second)).toEqual(range(50).map((i) => i + 1))
    expect(writer.counters).toEqual({ batches: 2, jobs: 51, failures: 0 })
  })

  it('that write nothing need no commit', async () => {
    expect(await writer.run((batch) => batch.get(KEY))).toBeUndefined()
    expect(store.commits).toHaveLength(0)
    expect(writer.counters).toEqual({ batches: 0, jobs: 1, failures: 0 })
  })

  it('see what was removed before them', async () => {
    await writer.run(next)
    const removed = writer.run((batch) => {
      batch.remove(KEY)
    })
    const after = writer.run((batch) => batch.get(KEY))
    await removed
    expect(await after).toBeUndefined()
    expect(store.get(KEY)).toBeUndefined()
  })
})

describe('a job that throws', () => {
  it('leaves nothing behind, and the others go on', async () => {
    const broken = writer.run((batch) => {
      next(batch)
      throw new Error('broken')
    })
    const [, ...others] = await Promise.all([
      broken.catch(() => undefined),
      writer.run(next),
      writer.run(next),
    ])
    await expect(broken).rejects.toThrow('broken')
    expect(others).toEqual([0, 1])
    expect(store.get(KEY)?.toString()).toBe('2')
  })
})

describe('a commit that fails', () => {
  it('is answered to each of its callers, and the next batch starts from what is on disk', async () => {
    await writer.run(next)
    store.manual = true
    const lost = range(3).map(() => writer.run(next).catch((error: unknown) => error))
    await settle()
    const later = writer.run(next)
    const cause = new Error('No space left on device')
    store.commits[1]!.fail(cause)
    for (const error of await Promise.all(lost)) {
      expect(error).toBeInstanceOf(FanoutError)
      expect(error).toMatchObject({ code: 'unavailable', cause })
    }
    await settle()
    store.commits[2]!.succeed()
    expect(await later).toBe(1)
    expect(failures).toEqual([cause])
    expect(writer.counters).toEqual({ batches: 2, jobs: 2, failures: 1 })
  })
})

describe('a batch', () => {
  it('takes so many jobs', async () => {
    writer = new GroupCommit(store, { jobs: 10 })
    await Promise.all(range(25).map(() => writer.run(next)))
    expect(writer.counters).toEqual({ batches: 3, jobs: 25, failures: 0 })
  })

  it('takes so many bytes', async () => {
    writer = new GroupCommit(store, { bytes: 1000 })
    const puts = range(10).map((i) =>
      writer.run((batch) => {
        batch.put(Buffer.from([i]), Buffer.alloc(399))
      }),
    )
    await Promise.all(puts)
    expect(store.commits.map(({ changes }) => changes.length)).toEqual([3, 3, 3, 1])
  })
})

describe('closing', () => {
  it('finishes what is queued and takes nothing more', async () => {
    writer = new GroupCommit(store, { jobs: 2 })
    const jobs = range(5).map(() => writer.run(next))
    await writer.close()
    expect(store.get(KEY)?.toString()).toBe('5')
    expect(await Promise.all(jobs)).toEqual(range(5))
    await expect(writer.run(next)).rejects.toThrow('closed')
  })
})
