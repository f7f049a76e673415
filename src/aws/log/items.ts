/**
 * How the log lies in its table. A write costs a unit for each KB of the whole item, names included: hence names of few
 * letters, and lists as one text (in DynamoDB's own lists and maps each element takes bytes of its own).
 *
 * | pk | sk | what |
 * |---|---|---|
 * | `u#` + user id | offset | an entry |
 * | `u#` + user id | 0 | the head |
 * | `e#` + event id | 0 | a receipt |
 * | `x#` + event id | 0 | why the last one of this id was refused |
 */
import type { Delivery, Receipt, ReceiptRecipient } from '../../core/ports.ts'
import type { Head, Intent, StoredEntry, StoredReceipt } from './log-store.ts'

export const logKey = (userId: string): string => `u#${userId}`
export const receiptKey = (eventId: string): string => `e#${eventId}`
export const refusalKey = (eventId: string): string => `x#${eventId}`
/** Offsets begin above it, so a log's lowest item is its head. */
export const HEAD_SK = 0

type Item = Readonly<Record<string, unknown>>

export function entryItem(userId: string, entry: StoredEntry): Item {
  const { offset, loggedAt, ttl, eventId, text } = entry
  return { pk: logKey(userId), sk: offset, id: eventId, at: loggedAt, ttl, text }
}

export function entryOf(item: Item): StoredEntry {
  const { sk, at, ttl, id, text } = item as { sk: number; at: number; ttl: number; id: string; text: string }
  return { offset: sk, loggedAt: at, ttl, eventId: id, text }
}

export function headItem(userId: string, { base, at, lifeMs, used, prev }: Head): Item {
  return {
    pk: logKey(userId),
    sk: HEAD_SK,
    base,
    at,
    life: lifeMs,
    used,
    ...(prev !== undefined && { prev }),
  }
}

export function headOf(item: Item): Head {
  const { base, at, life, used, prev } = item as {
    base: number
    at: number
    life: number
    used: boolean
    prev?: number
  }
  return { base, at, lifeMs: life, used, ...(prev !== undefined && { prev }) }
}

/** User id, field, and the basis or the offset; of a logged receipt the deliveries as well, and what of them was omitted. */
type Row = readonly [string, string, number, (readonly StoredRow[])?, ReceiptRecipient['omitted']?]

/** When the outcome was known is told in milliseconds since the acceptance: three digits, not thirteen. */
type DeliveryRow = readonly [
  connectionId: string,
  outcome: Delivery['outcome'],
  after: number,
  device?: string,
]

/** As rows were before they told a time. */
type TimelessRow = readonly [connectionId: string, outcome: Delivery['outcome'], device?: string]
type StoredRow = DeliveryRow | TimelessRow

export function intentItem({ eventId, type, digest, acceptedAt, ttl, recipients }: Intent): Item {
  const rows = recipients.map(({ userId, field, basis }): Row => [userId, field, basis])
  return receiptItem({ eventId, type, digest, acceptedAt }, 'accepted', rows, ttl)
}

export function loggedItem({ eventId, type, digest, acceptedAt, recipients }: Receipt, ttl: number): Item {
  const rows = recipients.map(({ userId, field, offset, deliveries, omitted }): Row => {
    const row = [userId, field, offset, deliveries.map((one) => deliveryRow(one, acceptedAt))] as const
    return omitted === undefined ? row : [...row, omitted]
  })
  return receiptItem({ eventId, type, digest, acceptedAt }, 'logged', rows, ttl)
}

function receiptItem(
  { eventId, type, digest, acceptedAt }: Pick<Receipt, 'eventId' | 'type' | 'digest' | 'acceptedAt'>,
  state: Receipt['state'],
  rows: readonly Row[],
  ttl: number,
): Item {
  // A derived id is the digest.
  const own = digest === eventId ? {} : { digest }
  return {
    pk: receiptKey(eventId),
    sk: HEAD_SK,
    type,
    ...own,
    state,
    at: acceptedAt,
    ttl,
    to: JSON.stringify(rows),
  }
}

export function receiptOf(item: Item): StoredReceipt {
  const { pk, type, state, at, ttl, to, ...rest } = item as {
    pk: string
    type: string
    digest?: string
    state: Receipt['state']
    at: number
    ttl: number
    to: string
  }
  const eventId = pk.slice(receiptKey('').length)
  const facts = { eventId, type, digest: rest.digest ?? eventId, acceptedAt: at }
  const rows = JSON.parse(to) as readonly Row[]
  if (state === 'accepted') {
    const recipients = rows.map(([userId, field, basis]) => ({ userId, field, basis }))
    return { state, intent: { ...facts, ttl, recipients } }
  }
  const recipients = rows.map(([userId, field, offset, deliveries = [], omitted]) => {
    const told = { userId, field, offset, deliveries: deliveries.map((row) => deliveryOf(row, at)) }
    return omitted === undefined ? told : { ...told, omitted }
  })
  return { state, receipt: { ...facts, state, recipients }, ttl }
}

function deliveryRow({ connectionId, outcome, at, device }: Delivery, acceptedAt: number): DeliveryRow {
  const row = [connectionId, outcome, at - acceptedAt] as const
  return device === undefined ? row : [...row, device]
}

function deliveryOf([connectionId, outcome, ...rest]: StoredRow, acceptedAt: number): Delivery {
  const [after, device] = typeof rest[0] === 'number' ? [rest[0], rest[1]] : [0, rest[0]]
  return { connectionId, outcome, at: acceptedAt + after, ...(device !== undefined && { device }) }
}
