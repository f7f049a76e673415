import { beforeEach, describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
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
})

describe('a report', () => {
  it('is cut where it is too long', async () => {
    await ledger.report('ann', 'phone', 1, 'x'.repeat(LIMITS.reportLength + 500))
    expect((await ledger.ofUser('ann'))[0]?.report?.error).toBe('x'.repeat(LIMITS.reportLength))
  })
})
