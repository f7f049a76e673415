import { describeConnectionRegistry } from '../contract/connection-registry.contract.ts'
import { describeDeviceLedger } from '../contract/device-ledger.contract.ts'
import { describeEventLog } from '../contract/event-log.contract.ts'
import { describeRefusalLedger } from '../contract/refusal-ledger.contract.ts'
import { describeRevocations } from '../contract/revocations.contract.ts'
import { MemoryRegistry } from '../support/fakes.ts'
import { MemoryLedger, MemoryRefusals, MemoryRevocations } from '../support/ledgers.ts'
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

describeRevocations('fake', async () => ({
  revocations: new MemoryRevocations(),
  close: async () => undefined,
}))

describeRefusalLedger('fake', async ({ clock, retentionMs }) => ({
  refusals: new MemoryRefusals(clock, retentionMs),
  close: async () => undefined,
}))
