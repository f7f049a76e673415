import { describe, expect, it } from 'vitest'
import { loggedItem, receiptOf } from '../../../src/aws/log/items.ts'
import type { Delivery, Receipt } from '../../../src/core/ports.ts'

const ACCEPTED = 1_795_518_577_000

function receipt(deliveries: readonly Delivery[]): Receipt {
  return {
    eventId: 'e1',
    type: 'T',
    digest: 'd',
    state: 'logged',
    acceptedAt: ACCEPTED,
    recipients: [{ userId: 'ann', field: 'userId', offset: 8, deliveries }],
  }
}

const deliveriesIn = (item: Readonly<Record<string, unknown>>) => {
  const stored = receiptOf(item)
  if (stored.state !== 'logged') throw new Error('it is not logged')
  return stored.receipt.recipients[0]!.deliveries
}

describe('a delivery in a receipt’s item', () => {
  it('tells its time since the acceptance, in as few bytes', () => {
    const deliveries: Delivery[] = [
      { connectionId: 'c1', outcome: 'sent', at: ACCEPTED + 7, device: 'phone' },
      { connectionId: 'c2', outcome: 'gone', at: ACCEPTED + 3000 },
      // By another clock, or after a step back.
      { connectionId: 'c3', outcome: 'sent', at: ACCEPTED - 2, device: '7' },
    ]
    const item = loggedItem(receipt(deliveries), 5)
    expect(item['to']).toBe(
      '[["ann","userId",8,[["c1","sent",7,"phone"],["c2","gone",3000],["c3","sent",-2,"7"]]]]',
    )
    expect(deliveriesIn(item)).toEqual(deliveries)
  })

  it('of before there were times was at the acceptance', () => {
    const item = {
      ...loggedItem(receipt([]), 5),
      to: '[["ann","userId",8,[["c1","sent","phone"],["c2","gone"]]]]',
    }
    expect(deliveriesIn(item)).toEqual([
      { connectionId: 'c1', outcome: 'sent', at: ACCEPTED, device: 'phone' },
      { connectionId: 'c2', outcome: 'gone', at: ACCEPTED },
    ])
  })
})
