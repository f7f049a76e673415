import { describeConnectionRegistry } from '../contract/connection-registry.contract.ts'
import { describeDeviceLedger } from '../contract/device-ledger.contract.ts'
import { describeEventLog } from '../contract/event-log.contract.ts'
import { MemoryLedger, MemoryRegistry } from '../support/fakes.ts'
import { ReferenceLog } from '../support/reference-log.ts'

/** The fakes that the core's tests stand on do what the real ports must do. */
describeEventLog('reference', async ({ clock, retentionMs }) => ({
  log: new ReferenceLog(clock, retentionMs),
  close: async () => undefined,
}))

describeDeviceLedger('fake', async ({ clock, retentionMs }) => ({
  ledger: new MemoryLedger(clock, retentionMs),
  close: async () => undefined,
}))

describeConnectionRegistry('fake', async () => ({
  registry: new MemoryRegistry(),
  close: async () => undefined,
}))
