import { MemoryConnectionRegistry } from '../../src/embedded/memory-connection-registry.ts'
import { describeConnectionRegistry } from '../contract/connection-registry.contract.ts'
import { describeDeviceLedger } from '../contract/device-ledger.contract.ts'
import { describeEventLog } from '../contract/event-log.contract.ts'
import { TestFolder } from './folders.ts'

describeEventLog('LMDB', async (options) => {
  const folder = new TestFolder(options)
  return {
    log: folder.open.log,
    reopen: async () => (await folder.reopen()).log,
    close: () => folder.remove(),
  }
})

describeDeviceLedger('LMDB', async (options) => {
  const folder = new TestFolder(options)
  return {
    ledger: folder.open.devices,
    reopen: async () => (await folder.reopen()).devices,
    close: () => folder.remove(),
  }
})

describeConnectionRegistry('memory', async () => ({
  registry: new MemoryConnectionRegistry(),
  close: async () => undefined,
}))
