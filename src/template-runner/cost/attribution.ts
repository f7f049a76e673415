import type { AwsCall } from '../aws-call.ts'
import type { Invocation } from '../invocation.ts'

/** What a call or a message belongs to: a route key, or what else made a function run. */
export const GROUP = {
  /** Batches of the queue: the poller's requests and the function that takes them. */
  queue: 'queue',
  /** Receives that brought nothing. */
  idlePoller: 'idle poller',
  authorizer: 'authorizer',
  coldStarts: 'cold starts',
  openConnections: 'open connections',
  /** Calls during no invocation that was recorded. */
  outside: 'outside invocations',
  /** What the runner does that no service would: creating tables, say. */
  runner: 'runner',
} as const

/** A part of a call: the shares of one call add up to 1. */
export interface Share {
  readonly group: string
  readonly share: number
}

/** Clocks of different threads read whole milliseconds. */
const SLACK_MS = 1

export function groupOf({ trigger, routeKey }: Invocation): string {
  return trigger === 'authorizer' ? GROUP.authorizer : (routeKey ?? trigger)
}

/**
 * Finds out which invocation a function's call belongs to: the one during which it began. Where several of the same
 * function ran at that time the call is shared equally among them, which is right on average.
 */
export function createAttribution(invocations: readonly Invocation[]): (call: AwsCall) => readonly Share[] {
  const byFunction = new Map<string, Invocation[]>()
  for (const invocation of invocations) {
    const ofFunction = byFunction.get(invocation.function) ?? []
    byFunction.set(invocation.function, ofFunction)
    ofFunction.push(invocation)
  }
  return ({ caller, service, at }) => {
    if (caller === 'runner') return [{ group: service === 'sqs' ? GROUP.queue : GROUP.runner, share: 1 }]
    const running = (byFunction.get(caller) ?? []).filter(
      (invocation) =>
        invocation.at <= at + SLACK_MS && at <= invocation.at + invocation.durationMs + SLACK_MS,
    )
    return sharedBy(running)
  }
}

function sharedBy(running: readonly Invocation[]): Share[] {
  if (running.length === 0) return [{ group: GROUP.outside, share: 1 }]
  return running.map((invocation) => ({ group: groupOf(invocation), share: 1 / running.length }))
}
