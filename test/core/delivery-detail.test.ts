import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/core/codes.ts'
import { boundDetail, tallyOf } from '../../src/core/delivery-detail.ts'
import { utf8Bytes } from '../../src/core/json-text.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { Delivery, ReceiptRecipient } from '../../src/core/ports.ts'

const LONG_NAME = '€'.repeat(LIMITS.idLength)
/** So many with a long name are surely too many. */
const TOO_MANY = Math.ceil(LIMITS.deliveryBytes / utf8Bytes(LONG_NAME))

const deliveriesOf = (count: number, outcome: Outcome, device = LONG_NAME): Delivery[] =>
  Array.from({ length: count }, (_, i) => ({
    connectionId: `${outcome}-${i}`,
    outcome,
    at: 1_700_000_000_000 + i,
    device,
  }))

const recipientOf = (userId: string, deliveries: readonly Delivery[]): ReceiptRecipient => {
  return { userId, field: 'recipientIds', offset: 1, deliveries }
}

const bytesOf = (recipients: readonly ReceiptRecipient[]) =>
  recipients
    .flatMap(({ deliveries }) => deliveries)
    .reduce((sum, delivery) => sum + utf8Bytes(JSON.stringify(delivery)), 0)

describe('what a receipt tells of its deliveries', () => {
  it('is all of them where they fit', () => {
    const recipients = [recipientOf('ann', deliveriesOf(20, 'sent')), recipientOf('bob', [])]
    expect(boundDetail(recipients)).toEqual(recipients)
  })

  it('is bounded in bytes, and the rest is counted', () => {
    const all = [
      recipientOf('ann', deliveriesOf(20, 'gone')),
      recipientOf('bob', deliveriesOf(TOO_MANY, 'sent')),
    ]
    const [ann, bob] = boundDetail(all)
    expect(bytesOf([ann!, bob!])).toBeLessThanOrEqual(LIMITS.deliveryBytes)
    expect(bytesOf([ann!, bob!])).toBeGreaterThan(LIMITS.deliveryBytes - 1000)
    expect(ann).toEqual(all[0])
    expect(bob?.omitted).toEqual({ sent: TOO_MANY - bob!.deliveries.length })
  })

  it('leaves out first what was sent, whoever it was for', () => {
    const failed = deliveriesOf(50, 'failed')
    const all = [recipientOf('ann', deliveriesOf(TOO_MANY, 'sent')), recipientOf('bob', failed)]
    expect(boundDetail(all)[1]).toEqual(all[1])
  })

  it('keeps the order of those it tells of', () => {
    const mixed = deliveriesOf(TOO_MANY, 'sent').flatMap((one, i) =>
      i % 9 === 0 ? [one, ...deliveriesOf(1, 'gone')] : [one],
    )
    const [ann] = boundDetail([recipientOf('ann', mixed)])
    expect(ann?.deliveries).toEqual(mixed.filter((one) => ann!.deliveries.includes(one)))
  })

  it('counts the same, whether bounded or not', () => {
    const mixed = [
      ...deliveriesOf(TOO_MANY, 'sent'),
      ...deliveriesOf(TOO_MANY, 'throttled'),
      ...deliveriesOf(3, 'gone'),
    ]
    const whole = recipientOf('ann', mixed)
    const [cut] = boundDetail([whole])
    expect(cut?.omitted?.throttled).toBeGreaterThan(0)
    expect(tallyOf(cut!)).toEqual({ connections: 2 * TOO_MANY + 3, sent: TOO_MANY })
    expect(tallyOf(whole)).toEqual(tallyOf(cut!))
  })

  it('is nothing but counts where that is asked for', () => {
    const all = [
      recipientOf('ann', [...deliveriesOf(2, 'sent', 'phone'), ...deliveriesOf(1, 'gone', 'tv')]),
      recipientOf('bob', deliveriesOf(1, 'expired', 'phone')),
      recipientOf('cat', []),
    ]
    expect(boundDetail(all, 'counts')).toEqual([
      { ...recipientOf('ann', []), omitted: { sent: 2, gone: 1 } },
      { ...recipientOf('bob', []), omitted: { expired: 1 } },
      recipientOf('cat', []),
    ])
    expect(boundDetail(all, 'counts').map(tallyOf)).toEqual(all.map(tallyOf))
  })

  it.each([
    ['of three bytes a character', '€'],
    ['that JSON has to escape', '\u0001'],
    ['of surrogate pairs', '\u{1F600}'],
  ])('fits into what a store takes, for as many as there can be, with the longest names %s', (_, unit) => {
    const name = unit.repeat(LIMITS.idLength / unit.length)
    const outcomes = ['sent', 'gone', 'throttled', 'failed', 'expired'] as const
    const all = Array.from({ length: LIMITS.recipients }, (_, i) => ({
      ...recipientOf(`${i}${name}`.slice(0, LIMITS.idLength), []),
      deliveries: Array.from({ length: LIMITS.connectionsPerUser }, (_, j) => ({
        connectionId: `${i}-${j}`.padEnd(36, 'x'),
        device: name,
        outcome: outcomes[(i + j) % outcomes.length]!,
        at: 1_700_000_000_000,
      })),
    }))
    for (const detail of ['deliveries', 'counts'] as const) {
      const bounded = boundDetail(all, detail)
      // DynamoDB's item has 400 KB.
      expect(utf8Bytes(JSON.stringify(bounded))).toBeLessThan(300 * 1024)
      expect(bounded.map(tallyOf)).toEqual(all.map(tallyOf))
    }
    expect(bytesOf(boundDetail(all))).toBeLessThanOrEqual(LIMITS.deliveryBytes)
    expect(bytesOf(boundDetail(all))).toBeGreaterThan(LIMITS.deliveryBytes / 2)
  })
})
