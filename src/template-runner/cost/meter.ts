import type { AwsCall } from '../aws-call.ts'
import type { Counters, Invocation } from '../invocation.ts'
import { createAttribution, GROUP, groupOf, type Share } from './attribution.ts'
import { capacityOf } from './capacity.ts'
import { isEmptyReceive, postedMessages, queueRequests } from './message-units.ts'
import { dollarsFor, PRICES, type PriceName } from './prices.ts'

/** What the runner recorded. */
export interface Metered {
  readonly calls: readonly AwsCall[]
  readonly invocations: readonly Invocation[]
  readonly counters: Counters
}

/** All that one operation of a service took on behalf of one group. */
export interface MeterLine {
  readonly service: string
  readonly operation: string
  /** Route key, trigger, or one of `GROUP`. */
  readonly group: string
  readonly price: PriceName
  /** May be a fraction, when calls are shared among invocations that ran at the same time. */
  readonly calls: number
  /** Calls that a function made through its SDK: what costs it time. */
  readonly sdkCalls: number
  readonly units: number
  readonly dollars: number
  /** Calls whose units are a lower bound. */
  readonly estimated: number
}

/** The operation of clients' messages: its calls say how many of a route there were. */
export const MESSAGE_IN = 'message in'

type Entry = Omit<MeterLine, 'service' | 'dollars'>

/** Counts what AWS would bill for the recording. */
export function meter({ calls, invocations, counters }: Metered): MeterLine[] {
  const sharesOf = createAttribution(invocations)
  return sumUp([
    ...calls.flatMap((call) => callEntries(call, sharesOf(call))),
    ...invocations.flatMap(invocationEntries),
    ...messageEntries(MESSAGE_IN, counters.messagesIn),
    ...messageEntries('route response', counters.messagesOut),
    entry('connection', GROUP.openConnections, 'connectionMinute', 0, counters.connectionMinutes),
  ])
}

function entry(operation: string, group: string, price: PriceName, calls: number, units: number): Entry {
  return { operation, group, price, calls, units, sdkCalls: 0, estimated: 0 }
}

function callEntries(call: AwsCall, shares: readonly Share[]): Entry[] {
  const billed = billedFor(call)
  if (!billed) return []
  const { operation, caller } = call
  const groups = isEmptyReceive(call) ? [{ group: GROUP.idlePoller, share: 1 }] : shares
  return groups.map(({ group, share }) => ({
    ...entry(operation, group, billed.price, share, billed.units * share),
    sdkCalls: caller === 'runner' ? 0 : share,
    estimated: billed.estimated ? share : 0,
  }))
}

interface Billed {
  readonly price: PriceName
  readonly units: number
  readonly estimated?: boolean
}

function billedFor(call: AwsCall): Billed | undefined {
  switch (call.service) {
    case 'dynamodb': {
      const capacity = capacityOf(call)
      return capacity && { price: capacity.kind, ...capacity }
    }
    case 'sqs':
      return { price: 'queueRequest', units: queueRequests(call) }
    case 'execute-api':
      return { price: 'webSocketMessage', units: postedMessages(call) }
    case 'secretsmanager':
      return { price: 'secretCall', units: 1 }
  }
}

function invocationEntries(invocation: Invocation): Entry[] {
  const { trigger, cold, initMs = 0, memoryMb, durationMs } = invocation
  const group = groupOf(invocation)
  return [
    entry('invocation', group, 'functionRequest', 1, 1),
    entry('duration, measured here', group, 'functionTime', 0, gbSeconds(memoryMb, durationMs)),
    ...(cold
      ? [entry('start, measured here', GROUP.coldStarts, 'functionTime', 1, gbSeconds(memoryMb, initMs))]
      : []),
    // Requests and answers of more than 512 KB would be more units; the recording has no sizes.
    ...(trigger === 'http' ? [entry('request', group, 'httpRequest', 1, 1)] : []),
  ]
}

/** Lambda rounds up to whole milliseconds. */
function gbSeconds(memoryMb: number, durationMs: number): number {
  return (Math.ceil(durationMs) / 1000) * (memoryMb / 1024)
}

/** Posts are billed by their calls: those say which invocation they belong to. */
function messageEntries(operation: string, counts: Counters['messagesIn']): Entry[] {
  return Object.entries(counts)
    .filter(([key]) => key !== '@connections')
    .map(([key, { count, units }]) => entry(operation, key, 'webSocketMessage', count, units))
}

function sumUp(entries: readonly Entry[]): MeterLine[] {
  const lines = new Map<string, Entry>()
  for (const one of entries) {
    const key = JSON.stringify([one.price, one.operation, one.group])
    const sum = lines.get(key)
    lines.set(key, sum ? addEntries(sum, one) : one)
  }
  return [...lines.values()].map((line) => ({
    ...line,
    service: PRICES[line.price].service,
    dollars: dollarsFor(line.price, line.units),
  }))
}

function addEntries(a: Entry, b: Entry): Entry {
  return {
    ...a,
    calls: a.calls + b.calls,
    sdkCalls: a.sdkCalls + b.sdkCalls,
    units: a.units + b.units,
    estimated: a.estimated + b.estimated,
  }
}
