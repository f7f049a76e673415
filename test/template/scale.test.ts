/**
 * The scale model against the cost meter, at the small end: a mixed workload over the template takes the units that the model
 * says for the same counts, by price and by table.
 */
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { expect, it } from 'vitest'
import { tableUnitsOf, unitsOf, type Work } from '../../bench/scale/work.ts'
import type { AwsCall } from '../../src/template-runner/aws-call.ts'
import { GROUP } from '../../src/template-runner/cost/attribution.ts'
import { capacityOf } from '../../src/template-runner/cost/capacity.ts'
import { meter } from '../../src/template-runner/cost/meter.ts'
import { dollarsOf, entriesOf } from '../../src/template-runner/cost/prices.ts'
import type { Recording } from '../../src/template-runner/invocation.ts'
import { Client } from '../e2e/client.ts'
import { recent } from '../e2e/http.ts'
import { unique } from '../e2e/tokens.ts'
import { serveStack } from './served.ts'

const target = serveStack()

const PAIRS = 10
const DEVICES = ['phone', 'laptop']
const ROUNDS = 10
/** Clients ping and acknowledge in each of so many rounds: acks are cumulative. */
const TELL_EVERY = 2
const RECIPIENTS = 2

interface Member {
  readonly userId: string
  readonly device: string
  readonly client: Client
}

const pairs = Array.from({ length: PAIRS }, () => [unique('t'), unique('s')] as const)
const users = pairs.flat()

/** One event to each pair, in one call of the queue. */
async function publishRound(round: number): Promise<void> {
  await target.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: target.queueUrl,
      Entries: pairs.map(([trainerId, studentId], i) => ({
        Id: String(i),
        MessageBody: JSON.stringify({
          type: 'T',
          timestamp: 1_790_000_000_000 + round,
          trainerId,
          studentId,
        }),
        MessageGroupId: trainerId,
        MessageDeduplicationId: unique('message'),
      })),
    }),
  )
}

/** Until the poller has deleted so many messages, and so nothing of them is under way. */
async function deleted(messages: number): Promise<void> {
  await target.running.recording.when(
    ({ calls }) =>
      sumOf(
        calls.filter(({ operation }) => operation === 'DeleteMessageBatch'),
        entriesIn,
      ) >= messages,
  )
}

const entriesIn = ({ request }: AwsCall): number => (request as { Entries: unknown[] }).Entries.length

function sumOf<T>(all: readonly T[], value: (one: T) => number): number {
  return all.reduce((sum, one) => sum + value(one), 0)
}

const ranOf = ({ invocations }: Pick<Recording, 'invocations'>, routeKey: string): number =>
  invocations.filter((one) => one.routeKey === routeKey).length

async function ran(routeKey: string, times: number): Promise<void> {
  await target.running.recording.when((recording) => ranOf(recording, routeKey) >= times)
}

/** A device comes: it connects and resumes after what it has. */
async function come(userId: string, device: string, after: number): Promise<Member> {
  const client = await Client.connect(target, userId)
  await client.ask({ action: 'resume', after, device })
  return { userId, device, client }
}

/** Everybody gets the round's event; in some rounds all acknowledge it and ping, at the same time. */
async function liveRound(members: readonly Member[], round: number): Promise<void> {
  await publishRound(round)
  const tells = round % TELL_EVERY === 0
  await Promise.all(
    members.map(async ({ client, device }) => {
      const { offset } = await client.next()
      if (!tells) return
      client.send({ action: 'ack', offset, device })
      await client.ask({ action: 'ping' })
    }),
  )
  if (tells) await ran('ack', (members.length * round) / TELL_EVERY)
  await deleted(PAIRS * round)
}

const isMark = ({ request }: AwsCall): boolean => JSON.stringify(request).includes('"pk":{"S":"health"}')

/** What was done, counted by what the clients asked for and by how the poller happened to batch. */
function done(members: number): Work {
  const { calls, invocations } = target.running.recording
  const events = PAIRS * ROUNDS
  return {
    events,
    sends: calls.filter(({ operation }) => operation === 'SendMessageBatch').length,
    batches: invocations.filter(({ trigger }) => trigger === 'queue').length,
    pushes: events * RECIPIENTS * DEVICES.length,
    acks: (members * ROUNDS) / TELL_EVERY,
    pings: (members * ROUNDS) / TELL_EVERY,
    polls: members,
    ...{ connects: members, resumes: members, disconnects: members },
  }
}

/** Read and write units of one table, as they went over the wire. */
function measuredOf(calls: readonly AwsCall[], table: string): { writes: number; reads: number } {
  const units = calls
    .filter(
      ({ service, caller, request }) =>
        service === 'dynamodb' && caller !== 'runner' && names(request, table),
    )
    .flatMap((call) => capacityOf(call) ?? [])
  const of = (kind: 'readUnit' | 'writeUnit') =>
    sumOf(
      units.filter((one) => one.kind === kind),
      (one) => one.units,
    )
  return { writes: of('writeUnit'), reads: of('readUnit') }
}

function names(request: unknown, table: string): boolean {
  const { TableName, RequestItems = {} } = request as { TableName?: string; RequestItems?: object }
  return TableName === table || Object.hasOwn(RequestItems, table)
}

/** What was done to the recording's end: comes, live rounds, polls, and goes. */
async function workload(): Promise<number> {
  const heads = await begunLogs()
  target.running.recording.reset()
  const members: Member[] = []
  for (const userId of users) {
    for (const device of DEVICES) members.push(await come(userId, device, heads.get(userId)!))
  }
  for (let round = 1; round <= ROUNDS; round++) await liveRound(members, round)
  await Promise.all(
    members.map(async ({ userId, device }) =>
      recent(target, userId, `?after=${heads.get(userId)! + ROUNDS}&device=${device}`),
    ),
  )
  for (const { client } of members) client.socket.close()
  await ran('$disconnect', members.length)
  return members.length
}

/** What is compared is nobody's first event. */
async function begunLogs(): Promise<ReadonlyMap<string, number>> {
  await publishRound(0)
  await deleted(PAIRS)
  const heads = await Promise.all(
    users.map(async (userId) => [userId, (await recent(target, userId)).head] as const),
  )
  await ran('GET /api/v1/events/recent', users.length)
  return new Map(heads)
}

it('40 connections of 20 people and 100 events take what the model says', { timeout: 180_000 }, async () => {
  const work = done(await workload())
  const { recording } = target.running
  const calls = recording.calls.filter((call) => !isMark(call))
  const lines = meter({ calls, invocations: recording.invocations, counters: recording.counters }).filter(
    ({ group }) => group !== GROUP.idlePoller && group !== GROUP.runner,
  )
  expect(sumOf(lines, ({ estimated }) => estimated)).toBe(0)

  const expected = unitsOf(work, RECIPIENTS)
  const ofPrice = (price: string) =>
    sumOf(
      lines.filter((line) => line.price === price),
      ({ units }) => units,
    )
  const measured = Object.fromEntries(entriesOf(expected).map(([price]) => [price, ofPrice(price)]))
  console.log({ work, expected, measured })
  for (const [price, units] of entriesOf(expected)) expect(measured[price], price).toBeCloseTo(units, 5)
  expect(dollarsOf(measured)).toBeCloseTo(dollarsOf(expected), 8)

  const { log, connections } = tableUnitsOf(work, RECIPIENTS)
  const { connectionsTable } = target
  const logTable = Object.values(target.running.tableNames).find((name) => name !== connectionsTable)!
  expect(measuredOf(calls, logTable)).toEqual(log)
  expect(measuredOf(calls, connectionsTable)).toEqual(connections)
})
