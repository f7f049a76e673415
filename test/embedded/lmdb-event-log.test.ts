import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GroupCommit } from '../../src/embedded/group-commit.ts'
import { LmdbEventLog } from '../../src/embedded/lmdb-event-log.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { sampleEvent } from '../contract/samples.ts'
import { TestFolder } from './folders.ts'
import { MemoryStore } from './memory-store.ts'

const ALL = { events: 10_000, bytes: 100_000_000 }
const RETENTION = 1000

describe('on disk', () => {
  let clock: ManualClock
  let folder: TestFolder
  beforeEach(() => {
    clock = new ManualClock()
    folder = new TestFolder({ clock, retentionMs: RETENTION })
  })
  afterEach(() => folder.remove())

  it('writes a thousand concurrent appends in a few transactions', async () => {
    const { log } = folder.open
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) => log.append([sampleEvent(`e${i}`, [`u${i % 10}`, 'all'])])),
    )
    expect(folder.open.counters.jobs).toBe(1000)
    expect(folder.open.counters.batches).toBeLessThan(10)
    expect((await log.newest('all', ALL)).entries).toHaveLength(1000)
  })

  it('starts a log at the clock', async () => {
    expect(await folder.open.log.head('ann')).toBe(clock.now() - 1)
  })

  it('goes on by one after everything expired and was removed', async () => {
    await folder.open.log.append([sampleEvent('e1', ['ann']), sampleEvent('e2', ['ann'])])
    const head = await folder.open.log.head('ann')
    clock.advance(RETENTION * 3)
    await folder.open.retention.tick()
    const { log } = await folder.reopen()
    expect(await log.head('ann')).toBe(head)
    const [appended] = await log.append([sampleEvent('e1', ['ann'])])
    expect(appended?.status === 'appended' && appended.receipt.recipients[0]?.offset).toBe(head + 1)
  })

  it('keeps the head of a log that was only asked for', async () => {
    const head = await folder.open.log.head('ann')
    clock.advance(RETENTION * 10)
    await folder.open.retention.tick()
    expect(await (await folder.reopen()).log.head('ann')).toBe(head)
  })

  it('keeps a receipt for longer than entries that a clock ahead of time has stamped', async () => {
    const { log } = folder.open
    clock.advance(10 * RETENTION)
    await log.append([sampleEvent('e0', ['ann'])])
    clock.advance(-10 * RETENTION)
    await log.append([sampleEvent('e1', ['ann'])])
    clock.advance(9 * RETENTION)
    await log.append([sampleEvent('e1', ['ann'])])
    const texts = (await log.newest('ann', ALL)).entries.map(({ text }) => text)
    expect(texts).toEqual([sampleEvent('e0', ['ann']).text, sampleEvent('e1', ['ann']).text])
  })
})

describe('over a store that fails', () => {
  it('leaves no hole, and nothing of what was refused', async () => {
    const store = new MemoryStore()
    const log = new LmdbEventLog({
      store,
      writer: new GroupCommit(store),
      clock: new ManualClock(),
      retentionMs: RETENTION,
    })
    await log.append([sampleEvent('e1', ['ann'])])
    const head = await log.head('ann')
    store.manual = true
    const refused = log.append([sampleEvent('e2', ['ann', 'bob']), sampleEvent('e3', ['ann'])])
    const failed = expect(refused).rejects.toMatchObject({ code: 'unavailable' })
    await expect.poll(() => store.commits.length).toBe(2)
    store.commits[1]!.fail(new Error('Input/output error'))
    await failed
    store.manual = false
    expect(await log.head('ann')).toBe(head)
    expect(await log.receipt('e2')).toBeUndefined()
    const appended = await log.append([sampleEvent('e3', ['ann']), sampleEvent('e2', ['ann', 'bob'])])
    expect(appended.map((one) => one.status === 'appended' && one.receipt.recipients[0]?.offset)).toEqual([
      head + 1,
      head + 2,
    ])
    expect((await log.newest('bob', ALL)).entries).toHaveLength(1)
  })
})
