import { beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import { deviceKey } from '../../src/embedded/keys.ts'
import { stamped } from '../../src/embedded/stamped.ts'
import { GroupCommit } from '../../src/embedded/group-commit.ts'
import { LmdbDeviceLedger } from '../../src/embedded/lmdb-device-ledger.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { MemoryStore } from './memory-store.ts'

let store: MemoryStore
let clock: ManualClock
let ledger: LmdbDeviceLedger
beforeEach(() => {
  store = new MemoryStore()
  clock = new ManualClock()
  ledger = new LmdbDeviceLedger({
    store,
    writer: new GroupCommit(store),
    clock,
    retentionMs: 1000,
    devicesPerUser: 3,
  })
})

const devices = async () => (await ledger.ofUser('ann')).map(({ device }) => device)

describe('a client that invents devices', () => {
  it('pushes out those seen longest ago, and no other user’s', async () => {
    await ledger.acknowledge('bob', 'phone', 1)
    const after = async (change: Promise<void>) => {
      await change
      clock.advance(1)
    }
    for (const device of ['a', 'b', 'c']) await after(ledger.acknowledge('ann', device, 1))
    await after(ledger.acknowledge('ann', 'a', 2))
    await after(ledger.report('ann', 'd', 1, 'x'))
    await after(ledger.acknowledge('ann', 'e', 1))
    expect(await devices()).toEqual(['a', 'd', 'e'])
    // Many at once may be too many for a moment; the next one makes up for it.
    await Promise.all(['f', 'g', 'h', 'i'].map(async (device) => after(ledger.acknowledge('ann', device, 1))))
    await after(ledger.acknowledge('ann', 'j', 1))
    expect(await devices()).toHaveLength(3)
    expect(await devices()).toContain('j')
    expect(await ledger.ofUser('bob')).toHaveLength(1)
  })
})

describe('what a device says', () => {
  it('writes its own record alone, however many devices the user has', async () => {
    for (const device of ['a', 'b']) await ledger.report('ann', device, 1, '\u0001'.repeat(1000))
    await ledger.acknowledge('ann', 'c', 1)
    const written = store.commits.at(-1)?.changes ?? []
    expect(written).toHaveLength(1)
    expect(written[0]?.value?.length).toBeLessThan(200)
  })
})

describe('what needs no write', () => {
  it('is an acknowledgement that says nothing new', async () => {
    await ledger.acknowledge('ann', 'phone', 5)
    await ledger.acknowledge('ann', 'phone', 5)
    await ledger.acknowledge('ann', 'phone', 4)
    expect(store.commits).toHaveLength(1)
  })

  it('is one for as long as it is known accurately enough when the device was seen', async () => {
    ledger = new LmdbDeviceLedger({ store, writer: new GroupCommit(store), clock, retentionMs: 10_000_000 })
    await ledger.acknowledge('ann', 'phone', 5)
    for (const _ of [1, 2, 3, 4]) {
      clock.advance(LIMITS.seenAccuracy / 4 - 1)
      await ledger.acknowledge('ann', 'phone', 5)
    }
    expect(store.commits).toHaveLength(1)
    clock.advance(4)
    await ledger.acknowledge('ann', 'phone', 5)
    expect(store.commits).toHaveLength(2)
    const acknowledgements = [{ offset: 5, at: clock.now() - LIMITS.seenAccuracy }]
    expect(await ledger.ofUser('ann')).toMatchObject([{ seenAt: clock.now(), acknowledgements }])
  })
})

describe('a report', () => {
  it('is cut where it is too long', async () => {
    await ledger.report('ann', 'phone', 1, 'x'.repeat(LIMITS.reportLength + 500))
    expect((await ledger.ofUser('ann'))[0]?.reports[0]?.error).toBe('x'.repeat(LIMITS.reportLength))
  })
})

describe('a folder that an older version wrote', () => {
  const put = async (device: string, told: object) => {
    const value = stamped(clock.now(), JSON.stringify({ device, ...told }))
    await store.commit([{ key: deviceKey('ann', device), value }])
  }

  it('is read as it stands, and goes on', async () => {
    const at = clock.now()
    const report = { offset: 6, error: 'boom', at }
    await put('phone', { acknowledged: 7, acknowledgedAt: at, report })
    await put('tablet', { acknowledged: 5, acknowledgedAt: at })
    await put('tv', { report })
    const [phone, tablet, tv] = [
      { device: 'phone', seenAt: at, acknowledgements: [{ offset: 7, at }], reports: [report] },
      { device: 'tablet', seenAt: at, acknowledgements: [{ offset: 5, at }], reports: [] },
      { device: 'tv', seenAt: at, acknowledgements: [], reports: [report] },
    ]
    expect(await ledger.ofUser('ann')).toEqual([phone, tablet, tv])
    clock.advance(1)
    await ledger.acknowledge('ann', 'phone', 6)
    await ledger.acknowledge('ann', 'tablet', 6)
    await ledger.report('ann', 'tv', 7, 'bang')
    expect(await ledger.ofUser('ann')).toEqual([
      phone,
      {
        ...tablet,
        seenAt: at + 1,
        acknowledgements: [
          { offset: 5, at },
          { offset: 6, at: at + 1 },
        ],
      },
      { ...tv, seenAt: at + 1, reports: [report, { offset: 7, error: 'bang', at: at + 1 }] },
    ])
  })
})
