import { MemoryConnectionRegistry } from '../../src/embedded/memory-connection-registry.ts'
import { describeConnectionRegistry } from '../contract/connection-registry.contract.ts'
import { describeDeviceLedger } from '../contract/device-ledger.contract.ts'
import { describeEventLog } from '../contract/event-log.contract.ts'
import { describeRefusalLedger } from '../contract/refusal-ledger.contract.ts'
import { describeRevocations } from '../contract/revocations.contract.ts'
import { TestFolder } from './folders.ts'

describeEventLog('LMDB', async (options) => {
  const folder = new TestFolder(options)
  return {
    log: folder.open.log,
    reopen: async () => (await folder.reopen()).log,
    close: () => folder.remove(),
  }
})

describeDeviceLedger('LMDB', async ({ clock, retentionMs }) => {
  // A folder keeps what devices told for as long as receipts, which is twice as long as events.
  const folder = new TestFolder({ clock, retentionMs: retentionMs / 2 })
  return {
    ledger: folder.open.devices,
    reopen: async () => (await folder.reopen()).devices,
    close: () => folder.remove(),
  }
})

describeRevocations('LMDB', async (options) => {
  const folder = new TestFolder(options)
  return {
    revocations: folder.open.revocations,
    reopen: async () => (await folder.reopen()).revocations,
    close: () => folder.remove(),
  }
})

describeRefusalLedger('LMDB', async (options) => {
  const folder = new TestFolder(options)
  return {
    refusals: folder.open.refusals,
    reopen: async () => (await folder.reopen()).refusals,
    close: () => folder.remove(),
  }
})

describeConnectionRegistry('memory', async () => ({
  registry: new MemoryConnectionRegistry(),
  close: async () => undefined,
}))
