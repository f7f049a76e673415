import type { Outcome, ReceiptDetail } from './codes.ts'
import { utf8Bytes } from './json-text.ts'
import { LIMITS } from './limits.ts'
import type { Delivery, ReceiptRecipient } from './ports.ts'

/**
 * Cuts what a receipt tells of single deliveries down to `LIMITS.deliveryBytes`; the others are only counted, under
 * `omitted`. A hundred recipients with many devices of long names would otherwise exceed what a store takes as one item, and
 * the event could never be acknowledged. What was sent is cut first: nobody asks why a screen did update.
 *
 * @param detail `counts`: all are only counted
 */
export function boundDetail(
  recipients: readonly ReceiptRecipient[],
  detail: ReceiptDetail = 'deliveries',
): readonly ReceiptRecipient[] {
  const all = recipients.flatMap(({ deliveries }) => deliveries)
  const kept = detail === 'counts' ? new Set<Delivery>() : keptOf(all)
  if (kept.size === all.length) return recipients
  return recipients.map((recipient) => {
    const cut = recipient.deliveries.filter((delivery) => !kept.has(delivery))
    if (cut.length === 0) return recipient
    return {
      ...recipient,
      deliveries: recipient.deliveries.filter((delivery) => kept.has(delivery)),
      omitted: countOutcomes(cut),
    }
  })
}

/** How many connections of a recipient were found, and how many took the event at once. */
export function tallyOf({ deliveries, omitted = {} }: ReceiptRecipient): {
  connections: number
  sent: number
} {
  const counts = countOutcomes(deliveries)
  const cut = Object.values(omitted).reduce((sum, count) => sum + count, 0)
  return { connections: deliveries.length + cut, sent: (counts.sent ?? 0) + (omitted.sent ?? 0) }
}

/** More than any delivery takes: a device's name has 128 characters, each of which JSON may write in six. */
const MOST_BYTES_OF_ONE = 1000

function keptOf(deliveries: readonly Delivery[]): ReadonlySet<Delivery> {
  if (deliveries.length * MOST_BYTES_OF_ONE <= LIMITS.deliveryBytes) return new Set(deliveries)
  const mostTellingFirst = deliveries.toSorted((a, b) => Number(isSent(a)) - Number(isSent(b)))
  let bytes = 0
  const isWithin = (delivery: Delivery) => {
    bytes += utf8Bytes(JSON.stringify(delivery))
    return bytes <= LIMITS.deliveryBytes
  }
  return new Set(mostTellingFirst.filter(isWithin))
}

function isSent({ outcome }: Delivery): boolean {
  return outcome === 'sent'
}

function countOutcomes(deliveries: readonly Delivery[]): Partial<Record<Outcome, number>> {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of deliveries) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
