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
    for (const device of ['a', 'b', 'c']) await ledger.acknowledge('ann', device, 1)
    await ledger.acknowledge('ann', 'a', 2)
    await ledger.report('ann', 'd', 1, 'x')
    await ledger.acknowledge('ann', 'e', 1)
    expect(await devices()).toEqual(['a', 'd', 'e'])
    expect(await ledger.ofUser('bob')).toHaveLength(1)
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
