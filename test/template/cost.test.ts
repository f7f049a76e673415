/** What an event costs, metered over the synthesized template. */
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { meter, type MeterLine } from '../../src/template-runner/cost/meter.ts'
import { type CostReport, costReport, costText } from '../../src/template-runner/cost/report.ts'
import { ACK_UNITS, EVENT_UNITS, PING_UNITS } from '../../bench/costs.ts'
import { Client } from '../e2e/client.ts'
import { publish } from '../e2e/http.ts'
import { unique } from '../e2e/tokens.ts'
import { openApp } from '../ways/app.ts'
import { BACKEND, serveStack } from './served.ts'

const target = serveStack()

/** What sends to the queue is nobody's function. */
const SENDING = 'outside invocations'
const EVENT_BYTES = 400
const PAIRS = 10

interface Pair {
  readonly trainerId: string
  readonly studentId: string
  readonly clients: readonly [Client, Client]
}

async function connectPairs(): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let i = 0; i < PAIRS; i++) {
    const [trainerId, studentId] = [unique('t'), unique('s')]
    const clients = [
      await Client.connect(target, trainerId),
      await Client.connect(target, studentId),
    ] as const
    pairs.push({ trainerId, studentId, clients })
  }
  return pairs
}

/** An event of exactly `EVENT_BYTES` without its id. */
function event({ trainerId, studentId }: Pair, round: number): string {
  const fields = {
    type: 'SESSION_COMPLETED',
    timestamp: 1_790_000_000_000 + round,
    trainerId,
    studentId,
    note: '',
  }
  const note = 'x'.repeat(EVENT_BYTES - JSON.stringify(fields).length)
  return JSON.stringify({ ...fields, note })
}

/** One event to each pair, in one call of the queue: ten groups, so Lambda gets them as one batch. */
async function publishToAll(pairs: readonly Pair[], round: number): Promise<void> {
  await target.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: target.queueUrl,
      Entries: pairs.map((pair, i) => ({
        Id: String(i),
        MessageBody: event(pair, round),
        MessageGroupId: pair.trainerId,
        MessageDeduplicationId: unique('message'),
      })),
    }),
  )
}

const received = async (pairs: readonly Pair[]) =>
  Promise.all(pairs.flatMap(({ clients }) => clients.map(async (client) => client.next())))

/** Publishes to all pairs `rounds` times and waits until nothing of it is under way any more. */
async function publishRounds(pairs: readonly Pair[], rounds: number, ack: boolean): Promise<void> {
  const { recording } = target.running
  let round = Math.floor(Math.random() * 1e9)
  for (let i = 0; i < rounds; i++) {
    await publishToAll(pairs, round++)
    const frames = await received(pairs)
    if (!ack) continue
    const clients = pairs.flatMap((pair) => pair.clients)
    for (const [n, client] of clients.entries()) {
      client.send({ action: 'ack', offset: frames[n]?.['offset'], device: 'phone' })
    }
  }
  const events = rounds * pairs.length
  await recording.when(({ invocations }) => {
    const batches = invocations.filter(({ trigger }) => trigger === 'queue')
    return batches.reduce((sum, { records = 0 }) => sum + records, 0) >= events
  })
  await recording.when(
    ({ calls }) => deleted(calls.filter(({ operation }) => operation === 'DeleteMessageBatch')) >= events,
  )
  if (!ack) return
  await recording.when(
    ({ invocations }) => invocations.filter(({ routeKey }) => routeKey === 'ack').length >= 2 * events,
  )
}

function deleted(calls: readonly { readonly request: unknown }[]): number {
  return calls.reduce((sum, { request }) => sum + (request as { Entries: unknown[] }).Entries.length, 0)
}

/** Without the mark for the health check, which an instance of the function writes once a minute, however many events there are. */
function recorded() {
  const { calls, invocations, counters } = target.running.recording
  const isMark = (request: unknown) => JSON.stringify(request).includes('"pk":{"S":"health"}')
  return { calls: calls.filter(({ request }) => !isMark(request)), invocations, counters }
}

async function measure(pairs: readonly Pair[], rounds: number, clientsAnswer = false): Promise<CostReport> {
  target.running.recording.reset()
  await publishRounds(pairs, rounds, clientsAnswer)
  if (clientsAnswer) await pingAll(pairs)
  return costReport(meter(recorded()), {
    events: rounds * pairs.length,
    recipients: 2,
    connections: 2,
    eventGroups: ['queue', SENDING],
    ackGroups: ['ack'],
    pingGroups: ['ping'],
  })
}

/** After everything else, so that no call is shared with another message of the same function. */
async function pingAll(pairs: readonly Pair[]): Promise<void> {
  const clients = pairs.flatMap((pair) => pair.clients)
  await Promise.all(clients.map(async (client) => client.ask({ action: 'ping' })))
  await target.running.recording.when(
    ({ invocations }) => invocations.filter(({ routeKey }) => routeKey === 'ping').length >= clients.length,
  )
}

/** Units, or calls, of one price for each event. */
function sum(lines: readonly MeterLine[], price: string, what: 'units' | 'sdkCalls' = 'units'): number {
  return lines.filter((line) => line.price === price).reduce((total, line) => total + line[what], 0)
}

/** What may not depend on how full the tables are. */
const work = ({ withoutAcks: { lines } }: CostReport) => ({
  writeUnits: sum(lines, 'writeUnit'),
  readUnits: sum(lines, 'readUnit'),
  tableCalls: sum(lines, 'writeUnit', 'sdkCalls') + sum(lines, 'readUnit', 'sdkCalls'),
})

/** Writes connections of users that nobody publishes to. Without the SDK, which would take most of the time. */
async function addUsers(from: number, to: number): Promise<void> {
  const item = (n: number) => ({
    pk: { S: `user-${n}` },
    sk: { S: 'connections' },
    [`c#conn${n}=`]: { L: [{ N: String(Date.now()) }, { N: String(Date.now() + 3_600_000) }] },
    ttl: { N: String(Math.ceil(Date.now() / 1000) + 7_800) },
  })
  const batches = Array.from({ length: Math.ceil((to - from) / 25) }, (_, i) => from + i * 25)
  const work = batches.values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const first of work) {
        const users = Array.from({ length: Math.min(25, to - first) }, (_, i) => first + i)
        const RequestItems = {
          [target.connectionsTable]: users.map((n) => ({ PutRequest: { Item: item(n) } })),
        }
        const { ok, status } = await fetch(target.running.endpoints.dynamodb, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-amz-json-1.0',
            'x-amz-target': 'DynamoDB_20120810.BatchWriteItem',
            'x-amz-date': '20261124T000000Z',
            authorization: `AWS4-HMAC-SHA256 Credential=${BACKEND}/20261124/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
          },
          body: JSON.stringify({ RequestItems }),
        })
        if (!ok) throw new Error(`BatchWriteItem answered ${status}`)
      }
    }),
  )
}

it('an ack of the project’s own client takes what is said of one: nobody looks up its connection', async () => {
  const userId = unique('user')
  const { recording } = target.running
  const isAcknowledged = async () =>
    recording.when(({ invocations }) => invocations.some(({ routeKey }) => routeKey === 'ack'))
  recording.reset()
  const app = await openApp(target, userId, 'phone')
  // Where it starts from.
  await isAcknowledged()
  recording.reset()
  await publish(target, { type: 'T', id: unique('event'), recipientIds: [userId] })
  await app.handled()
  await isAcknowledged()
  const lines = meter(recorded()).filter(({ group }) => group === 'ack')
  for (const [price, units] of Object.entries(ACK_UNITS)) expect(sum(lines, price), price).toBe(units)
  const calls = lines.filter(({ sdkCalls }) => sdkCalls > 0).map(({ operation }) => operation)
  expect(calls.toSorted()).toEqual(['GetItem', 'Query', 'UpdateItem'])
})

describe('an event of 400 bytes to two recipients with one connection each, through the queue', () => {
  it(
    'takes at most 4 write units, 3 read units and 2 posts; acks and pings come on top',
    { timeout: 120_000 },
    async () => {
      const pairs = await connectPairs()
      await publishRounds(pairs, 1, false)
      const report = await measure(pairs, 10, true)
      // Before anything can fail: what docs/costs.md is made from, and what to look at if it does not hold.
      console.log(costText(report))
      const { lines } = report.withoutAcks
      expect(sum(lines, 'writeUnit')).toBeLessThanOrEqual(4)
      expect(sum(lines, 'readUnit')).toBeLessThanOrEqual(3)
      expect(sum(lines, 'webSocketMessage')).toBe(2)
      // What docs/costs.md is made from.
      for (const [price, units] of Object.entries(EVENT_UNITS)) {
        expect(sum(lines, price), price).toBeCloseTo(units, 5)
      }
      for (const [price, units] of Object.entries(ACK_UNITS)) {
        expect(sum(report.acks.lines, price), price).toBeCloseTo(2 * units, 5)
      }
      expect(report.pings.count).toBe(2 * PAIRS)
      for (const [price, units] of Object.entries(PING_UNITS)) {
        expect(sum(report.pings.lines, price), price).toBeCloseTo(units, 5)
      }
      expect(report.estimatedCalls).toBe(0)
      const batches = target.running.recording.invocations.filter(({ trigger }) => trigger === 'queue')
      console.log(`events of a batch: ${batches.map(({ records }) => records).join(' ')}`)
    },
  )

  it('takes the same whether the table has 100 or 100,000 users', { timeout: 300_000 }, async () => {
    const pairs = await connectPairs()
    await measure(pairs, 1)
    await addUsers(0, 100)
    const few = work(await measure(pairs, 3))
    await addUsers(100, 100_000)
    const many = work(await measure(pairs, 3))
    console.log({ few, many })
    // Calls depend on how the poller happens to batch; units do not.
    expect(many.writeUnits).toBe(few.writeUnits)
    expect(many.readUnits).toBe(few.readUnits)
  })
})
