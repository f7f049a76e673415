/** What tracing costs, metered over the synthesized template: what docs/costs.md says of it is held to this. */
import { describe, expect, it } from 'vitest'
import {
  CONNECT_UNITS,
  POLL_UNITS,
  RECEIPT_REQUEST_UNITS,
  STATUS_REQUEST_UNITS,
  WHY_REQUEST_UNITS,
} from '../../bench/costs.ts'
import { AUDIENCES, DEVICE, receiptCost } from '../../bench/receipt-costs.ts'
import { meter } from '../../src/template-runner/cost/meter.ts'
import type { BillableUnits } from '../../src/template-runner/cost/prices.ts'
import { Client } from '../e2e/client.ts'
import { publish, recent, request } from '../e2e/http.ts'
import { tokenFor, unique } from '../e2e/tokens.ts'
import { serveStack, type ServedStack } from './served.ts'

const DETAILS = ['deliveries', 'counts'] as const
const served = {
  deliveries: serveStack(),
  counts: serveStack({ props: { receiptDetail: 'counts' } }),
} as const
const target = served.deliveries

/** Units of one price that some groups took since the recording was reset. */
function unitsOf(stack: ServedStack, price: string, groups?: readonly string[]): number {
  return meter(stack.running.recording)
    .filter((line) => line.price === price && groups?.includes(line.group) !== false)
    .reduce((sum, { units }) => sum + units, 0)
}

function expectUnits(expected: BillableUnits, groups: readonly string[]): void {
  for (const [price, units] of Object.entries(expected)) {
    expect(unitsOf(target, price, groups), price).toBeCloseTo(units, 5)
  }
}

const invoked = async (routeKey: string) =>
  target.running.recording.when(({ invocations }) => invocations.some((one) => one.routeKey === routeKey))

async function connectAll(
  stack: ServedStack,
  userIds: readonly string[],
  connections: number,
): Promise<Client[]> {
  const clients: Client[] = []
  for (const userId of userIds) {
    for (let i = 0; i < connections; i++) {
      const client = await Client.connect(stack, userId)
      await client.ask({ action: 'resume', device: DEVICE })
      clients.push(client)
    }
  }
  return clients
}

describe.each(DETAILS)('an event whose receipt tells %s', (detail) => {
  it.each(AUDIENCES.filter(({ recipients }) => recipients === 2))(
    'takes the write units that are computed: $recipients recipients, $connections connections each',
    { timeout: 60_000 },
    async (audience) => {
      const stack = served[detail]
      const [trainerId, studentId] = [unique('t').slice(0, 36), unique('s').slice(0, 36)]
      const clients = await connectAll(stack, [trainerId, studentId], audience.connections)
      // The logs have begun: an event is not the first.
      await publish(stack, { type: 'SESSION_COMPLETED', id: unique('').slice(1), trainerId, studentId })
      await Promise.all(clients.map(async (client) => client.next()))
      stack.running.recording.reset()
      await publish(stack, { type: 'SESSION_COMPLETED', id: unique('').slice(1), trainerId, studentId })
      await Promise.all(clients.map(async (client) => client.next()))
      const { writeUnits } = receiptCost(audience, detail)
      expect(unitsOf(stack, 'writeUnit', ['POST /api/v1/events'])).toBe(writeUnits)
      expect(unitsOf(stack, 'readUnit', ['POST /api/v1/events'])).toBe(3)
    },
  )
})

describe('what is asked beside events', () => {
  const ask = async (path: string) => {
    const authorization = `Bearer ${tokenFor(target, 'admin', { scope: 'events:admin' })}`
    const { status } = await request(`${target.httpUrl}/api/v1/${path}`, { headers: { authorization } })
    expect(status).toBe(200)
  }

  it('takes these units', { timeout: 60_000 }, async () => {
    const { recording } = target.running
    const [trainerId, studentId] = [unique('t'), unique('s')]
    recording.reset()
    const trainer = await Client.connect(target, trainerId)
    await invoked('$connect')
    expectUnits(CONNECT_UNITS, ['$connect', 'authorizer'])

    const id = unique('event')
    const { recipients } = await publish(target, { type: 'T', id, trainerId, studentId })
    const offset = recipients[0]!.offset
    await trainer.next()
    trainer.send({ action: 'ack', offset, device: DEVICE })
    await invoked('ack')

    for (const [route, expected, asked] of [
      [
        'GET /api/v1/events/recent',
        POLL_UNITS,
        async () => recent(target, trainerId, `?after=${offset}&device=${DEVICE}`),
      ],
      ['GET /api/v1/events/{id}/receipt', RECEIPT_REQUEST_UNITS, async () => ask(`events/${id}/receipt`)],
      [
        'GET /api/v1/events/{id}/why',
        WHY_REQUEST_UNITS,
        async () => ask(`events/${id}/why?user=${trainerId}`),
      ],
      ['GET /api/v1/users/{id}/status', STATUS_REQUEST_UNITS, async () => ask(`users/${trainerId}/status`)],
    ] as const) {
      recording.reset()
      await asked()
      await invoked(route)
      expectUnits(expected, [route])
    }
  })
})
