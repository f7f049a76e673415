/**
 * What receipts cost on AWS, for docs/costs.md: the writes of one event, computed from the items that are really written
 * (test/template/tracing-cost.test.ts holds the first two audiences to what the meter counts over the template).
 */
import { intentItem, loggedItem } from '../src/aws/log/items.ts'
import type { ReceiptDetail } from '../src/core/codes.ts'
import { boundDetail } from '../src/core/delivery-detail.ts'
import type { Receipt } from '../src/core/ports.ts'
import { itemBytes } from '../src/template-runner/cost/item-size.ts'
import { dollarsFor } from '../src/template-runner/cost/prices.ts'
import { dollars, markdownTable, quantity } from '../src/template-runner/cost/text-table.ts'

export interface Audience {
  readonly recipients: number
  /** Of each recipient. */
  readonly connections: number
}

export const AUDIENCES: readonly Audience[] = [
  { recipients: 2, connections: 1 },
  { recipients: 2, connections: 5 },
  { recipients: 100, connections: 20 },
]

/** Ids of the usual lengths: UUIDs, API Gateway's connection ids, the name that the client gives a device. */
const UUID = '0a6f3b1e-5f0c-4c55-9a53-0f8f3c2f7a10'
const CONNECTION_ID = 'PJqB0fHsqRcCHlw='
export const DEVICE = 'k3v9x0q2mzf'
const EVENT_ID = UUID
const DIGEST = 'f'.repeat(64)
const ACCEPTED_AT = 1_795_518_577_091
const TTL = 1_800_702_578
/** From the acceptance until a push had come through, in milliseconds. */
const PUSHED_AFTER = 123

function receiptFor({ recipients, connections }: Audience): Receipt {
  const delivery = {
    connectionId: CONNECTION_ID,
    outcome: 'sent',
    at: ACCEPTED_AT + PUSHED_AFTER,
    device: DEVICE,
  } as const
  const field = recipients > 2 ? 'studentIds' : 'trainerId'
  return {
    eventId: EVENT_ID,
    type: 'SESSION_COMPLETED',
    digest: DIGEST,
    state: 'logged',
    acceptedAt: ACCEPTED_AT,
    recipients: Array.from({ length: recipients }, () => ({
      userId: UUID,
      field,
      offset: 1_795_518_572_707,
      // Not one object again and again: those that are kept are told apart by identity.
      deliveries: Array.from({ length: connections }, () => ({ ...delivery })),
    })),
  }
}

export interface ReceiptCost {
  /** Of the completed receipt, as DynamoDB counts them. */
  readonly bytes: number
  /** What it takes to begin, and to complete, the receipt. */
  readonly begin: number
  readonly complete: number
  /** With the entries in the logs, of up to some 850 bytes each. */
  readonly writeUnits: number
}

export function receiptCost(audience: Audience, detail: ReceiptDetail): ReceiptCost {
  const receipt = receiptFor(audience)
  const recipients = boundDetail(receipt.recipients, detail)
  const intent = receipt.recipients.map(({ userId, field, offset }) => ({ userId, field, basis: offset - 1 }))
  const bytes = itemBytes(wireOf(loggedItem({ ...receipt, recipients }, TTL)))
  const begin = unitsOf(itemBytes(wireOf(intentItem({ ...receipt, ttl: TTL, recipients: intent }))))
  const complete = Math.max(begin, unitsOf(bytes))
  return { bytes, begin, complete, writeUnits: begin + complete + audience.recipients }
}

/** A write unit for each KB. */
function unitsOf(bytes: number): number {
  return Math.ceil(bytes / 1024)
}

/** A receipt has texts and numbers only. */
function wireOf(item: Readonly<Record<string, unknown>>): Record<string, object> {
  const attribute = (value: unknown) => (typeof value === 'number' ? { N: String(value) } : { S: value })
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, attribute(value)]))
}

export function receiptsMarkdown(): string {
  const rows = AUDIENCES.flatMap((audience) => {
    const [each, counts] = [receiptCost(audience, 'deliveries'), receiptCost(audience, 'counts')]
    const { recipients, connections } = audience
    return [
      [`${recipients} × ${connections}`, '`deliveries`', ...cells(each)],
      [`${recipients} × ${connections}`, '`counts`', ...cells(counts)],
    ]
  })
  return markdownTable(
    [
      'Recipients × connections of each',
      'RECEIPT_DETAIL',
      'bytes of the receipt',
      'write units: begin it',
      'complete it',
      'with the entries',
      '$ for a million receipts',
      '$ for a million events',
    ],
    rows,
  )
}

function cells({ bytes, begin, complete, writeUnits }: ReceiptCost): string[] {
  const millionOf = (units: number) => dollars(dollarsFor('writeUnit', units * 1e6))
  return [
    ...[bytes, begin, complete, writeUnits].map(quantity),
    millionOf(begin + complete),
    millionOf(writeUnits),
  ]
}
