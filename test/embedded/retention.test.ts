import { beforeEach, describe, expect, it } from 'vitest'
import { GroupCommit } from '../../src/embedded/group-commit.ts'
import { kindRange, KINDS } from '../../src/embedded/keys.ts'
import { LmdbDeviceLedger } from '../../src/embedded/lmdb-device-ledger.ts'
import { LmdbEventLog } from '../../src/embedded/lmdb-event-log.ts'
import { LmdbRefusalLedger } from '../../src/embedded/lmdb-refusal-ledger.ts'
import { LmdbRevocations } from '../../src/embedded/lmdb-revocations.ts'
import { Retention, type RetentionOptions, type Timer } from '../../src/embedded/retention.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { NASTY_IDS, sampleEvent } from '../contract/samples.ts'
import { MemoryStore } from './memory-store.ts'

const RETENTION = 1000
const ALL = { events: 10_000, bytes: 100_000_000 }

let store: MemoryStore
let writer: GroupCommit
let clock: ManualClock
let log: LmdbEventLog
let devices: LmdbDeviceLedger
beforeEach(() => {
  store = new MemoryStore()
  writer = new GroupCommit(store)
  clock = new ManualClock()
  log = new LmdbEventLog({ store, writer, clock, retentionMs: RETENTION })
  devices = new LmdbDeviceLedger({ store, writer, clock, retentionMs: RETENTION })
})

const sweeper = (options: Partial<RetentionOptions> = {}) =>
  new Retention({ store, writer, clock, retentionMs: RETENTION, ...options })

const count = (kind: keyof typeof KINDS) => [...store.range(kindRange(KINDS[kind]))].length
const counts = () => ({
  heads: count('head'),
  entries: count('entry'),
  receipts: count('receipt'),
  devices: count('device'),
})

async function append(count: number, userIds: readonly string[], name = 'e'): Promise<void> {
  await log.append(Array.from({ length: count }, (_, i) => sampleEvent(`${name}${i}`, userIds)))
}

describe('a sweep', () => {
  it('removes entries after the retention, receipts and devices after twice that, heads never', async () => {
    await append(3, ['ann', 'bob'])
    await devices.acknowledge('ann', 'phone', 1)
    clock.advance(RETENTION)
    await sweeper().tick()
    expect(counts()).toEqual({ heads: 2, entries: 6, receipts: 3, devices: 1 })
    clock.advance(1)
    await sweeper().tick()
    expect(counts()).toEqual({ heads: 2, entries: 0, receipts: 3, devices: 1 })
    clock.advance(RETENTION)
    await sweeper().tick()
    expect(counts()).toEqual({ heads: 2, entries: 0, receipts: 0, devices: 0 })
  })

  it('removes refusals after the retention, and revocations never', async () => {
    const refusals = new LmdbRefusalLedger({ store, writer, clock, retentionMs: RETENTION })
    const revocations = new LmdbRevocations({ store, writer })
    await refusals.note({ eventId: 'e', code: 'no_recipients', message: 'nobody', at: clock.now() })
    await revocations.revoke('ann', clock.now())
    clock.advance(RETENTION)
    await sweeper().tick()
    expect([count('refusal'), count('revocation')]).toEqual([1, 1])
    clock.advance(1)
    await sweeper().tick()
    expect([count('refusal'), count('revocation')]).toEqual([0, 1])
    clock.advance(1000 * RETENTION)
    await sweeper().tick()
    expect(count('revocation')).toBe(1)
  })

  it('changes nothing that a reader sees', async () => {
    await append(5, ['ann'], 'old')
    await log.append([sampleEvent('other', ['bob'])])
    clock.advance(RETENTION + 1)
    await append(5, ['ann'], 'new')
    const head = await log.head('ann')
    const read = async () => [
      await Promise.all([-11, -10, -7, -6, -5, -4, 0].map((back) => log.after('ann', head + back, ALL))),
      await log.newest('ann', ALL),
      await log.cursorAt('ann', 0, 100),
      await log.after('bob', 0, ALL),
      await log.head('bob'),
    ]
    const before = await read()
    await sweeper().tick()
    expect(count('entry')).toBe(5)
    expect(await read()).toEqual(before)
  })

  it('looks at so many records a tick, and comes to all of them', async () => {
    for (const [i, userId] of NASTY_IDS.entries()) await append(3, [userId], `${i}-`)
    for (const userId of NASTY_IDS) await devices.acknowledge(userId, 'phone', 1)
    clock.advance(2 * RETENTION + 1)
    await log.append(NASTY_IDS.map((userId, i) => sampleEvent(`young${i}`, [userId])))
    const sweep = sweeper({ recordsPerTick: 7 })
    const total = NASTY_IDS.length
    for (let removed = 0; removed < 7 * total;) {
      const tick = await sweep.tick()
      expect(tick.looked).toBeLessThanOrEqual(7)
      expect(tick.removed).toBeLessThanOrEqual(tick.looked)
      expect(store.commits.at(-1)!.changes.length).toBeLessThanOrEqual(total)
      removed += tick.removed
    }
    expect(counts()).toEqual({ heads: total, entries: total, receipts: total, devices: 0 })
    for (const userId of NASTY_IDS) expect((await log.newest(userId, ALL)).entries).toHaveLength(1)
  })

  it('passes over a long log at once, if its oldest entry is kept', async () => {
    await append(500, ['ann'])
    await append(1, ['bob'], 'b')
    expect(await sweeper({ recordsPerTick: 2 }).tick()).toEqual({ looked: 2, removed: 0 })
    clock.advance(RETENTION + 1)
    await append(500, ['ann'], 'young')
    const sweep = sweeper({ recordsPerTick: 502 })
    expect((await sweep.tick()).removed).toBe(501)
    expect(count('entry')).toBe(500)
  })

  it('leaves a receipt that was written anew in the same batch', async () => {
    await append(1, ['ann'])
    clock.advance(2 * RETENTION + 1)
    const [appended] = await Promise.all([log.append([sampleEvent('e0', ['ann'])]), sweeper().tick()])
    expect(appended[0]?.status).toBe('appended')
    expect(await log.receipt('e0')).toBeDefined()
    expect((await log.newest('ann', ALL)).entries).toHaveLength(1)
  })

  it('of nothing ends', async () => {
    expect(await sweeper().tick()).toEqual({ looked: 0, removed: 0 })
  })
})

describe('the timer', () => {
  /** Calls back when the test says so. */
  class ManualTimer implements Timer {
    readonly set = (callback: () => void, ms: number): unknown => {
      this.due = { callback, ms }
      return this.due
    }
    readonly clear = (handle: unknown): void => {
      if (handle === this.due) this.due = undefined
    }
    due: { callback: () => void; ms: number } | undefined

    async fire(): Promise<void> {
      const due = this.due
      this.due = undefined
      due?.callback()
      await expect.poll(() => this.due).toBeDefined()
    }
  }

  it('sweeps on and on, faster while there is much to remove', async () => {
    await append(10, ['ann'])
    const timer = new ManualTimer()
    const sweep = sweeper({ timer, recordsPerTick: 4 })
    sweep.start()
    sweep.start()
    const idle = timer.due!.ms
    clock.advance(RETENTION + 1)
    await timer.fire()
    expect(count('entry')).toBe(6)
    expect(timer.due!.ms).toBeLessThan(idle)
    for (let tick = 0; tick < 6; tick++) await timer.fire()
    expect(count('entry')).toBe(0)
    expect(timer.due!.ms).toBe(idle)
    await sweep.stop()
    expect(timer.due).toBeUndefined()
  })

  it('goes on after a failure, which it tells of', async () => {
    await append(3, ['ann'])
    clock.advance(RETENTION + 1)
    const timer = new ManualTimer()
    const errors: object[] = []
    const quiet = () => undefined
    const logger = { debug: quiet, info: quiet, warn: quiet, error: (fields: object) => errors.push(fields) }
    const sweep = sweeper({ timer, logger })
    sweep.start()
    store.manual = true
    const fired = timer.fire()
    await expect.poll(() => store.commits.length).toBe(2)
    store.commits[1]!.fail(new Error('No space left on device'))
    await fired
    expect(errors).toHaveLength(1)
    expect(count('entry')).toBe(3)
    store.manual = false
    await timer.fire()
    expect(count('entry')).toBe(0)
    await sweep.stop()
  })

  it('stops after the tick that is under way', async () => {
    await append(3, ['ann'])
    clock.advance(RETENTION + 1)
    const timer = new ManualTimer()
    const sweep = sweeper({ timer })
    sweep.start()
    store.manual = true
    timer.due!.callback()
    await expect.poll(() => store.commits.length).toBe(2)
    timer.due = undefined
    const stopped = sweep.stop()
    store.commits[1]!.succeed()
    await stopped
    expect(count('entry')).toBe(0)
    expect(timer.due).toBeUndefined()
  })
})
