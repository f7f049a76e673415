/** What so many users do to each part of the system in the busiest minute. A pure function: no AWS, no clock. */
import type { FunctionName } from '../../lib/function-settings.ts'
import { type Assumptions, MILLISECONDS, STANDING } from './assumptions.ts'
import { type Storm, stormOf } from './storm.ts'
import { tableUnitsOf, type TableName, type TableUnits, type Work } from './work.ts'

const DAY_SECONDS = 24 * 60 * 60

/** By second, at the peak. */
export interface Load {
  readonly users: number
  readonly openConnections: number
  readonly work: Work
  /** Clients' messages. */
  readonly messagesIn: number
  /** Answers of routes, and pushes. */
  readonly messagesOut: number
  /** What API Gateway's throttle of an account counts: messages in, handshakes, posts to `@connections`, HTTP. */
  readonly gatewayRequests: number
  readonly tables: Readonly<Record<TableName, TableUnits>>
  /** Calls of SQS of the busiest kind: sending, receiving and deleting are counted apart. */
  readonly queueCalls: number
  readonly queueInFlight: number
  readonly invocations: number
  /** Functions at work at once, by Little's law: rate × time. */
  readonly concurrency: Readonly<Partial<Record<FunctionName, number>>>
  readonly totalConcurrency: number
  readonly logBytes: number
  /** While all connections are lost at once, see `storm.ts`. */
  readonly storm: Storm
}

export function loadAt(users: number, assumed: Assumptions): Load {
  const openConnections = openAtPeak(users, assumed)
  const work = workAtPeak(users, assumed)
  const messagesIn = work.acks + work.pings + work.resumes
  const concurrency = concurrencyOf(work)
  return {
    users,
    openConnections,
    work,
    messagesIn,
    messagesOut: work.pings + work.resumes + work.pushes,
    gatewayRequests: messagesIn + work.connects + work.pushes + work.polls,
    tables: tableUnitsOf(work, assumed.recipients),
    queueCalls: Math.max(work.sends, work.batches),
    queueInFlight: (work.events * (MILLISECONDS.event * assumed.eventsPerBatch)) / 1000,
    invocations: invocationsOf(work),
    concurrency,
    totalConcurrency: Object.values(concurrency).reduce((sum, one) => sum + one, 0),
    logBytes: logBytesOf(work),
    storm: stormOf(openConnections),
  }
}

export function openAtPeak(users: number, { connectedAtPeak, devices }: Assumptions): number {
  return users * connectedAtPeak * devices
}

export function openOnAverage(users: number, assumed: Assumptions): number {
  return openAtPeak(users, assumed) / assumed.connectedPeakToMean
}

export function pushesPerEvent({ recipients, recipientsConnected, devices }: Assumptions): number {
  return recipients * recipientsConnected * devices
}

function workAtPeak(users: number, assumed: Assumptions): Work {
  const { eventsPerUserAndDay, pollsPerUserAndDay, peakToMean } = assumed
  const ofEach = (perUserAndDay: number) => (users * perUserAndDay * peakToMean) / DAY_SECONDS
  return workOf(
    ofEach(eventsPerUserAndDay),
    openAtPeak(users, assumed),
    ofEach(pollsPerUserAndDay),
    1,
    assumed,
  )
}

/** Of `seconds`, in which so many connections are open all the time: each that ends is followed by another. */
export function workOf(
  events: number,
  openConnections: number,
  polls: number,
  seconds: number,
  assumed: Assumptions,
): Work {
  const { eventsPerBatch, acksPerPush, pingSeconds, sessionMinutes } = assumed
  const connects = (openConnections * seconds) / (sessionMinutes * 60)
  const pushes = events * pushesPerEvent(assumed)
  const batches = events / eventsPerBatch
  return {
    ...{ events, sends: batches, batches, pushes, acks: pushes * acksPerPush },
    ...{ pings: (openConnections * seconds) / pingSeconds, polls },
    ...{ connects, resumes: connects, disconnects: connects },
  }
}

/** Each handshake runs two functions. */
function invocationsOf({ batches, acks, pings, polls, connects, resumes, disconnects }: Work): number {
  return batches + acks + pings + polls + 2 * connects + resumes + disconnects
}

/** Little's law: as many are at work as come in a second, times the seconds that each takes. */
export function concurrencyOf(work: Work): Partial<Record<FunctionName, number>> {
  const { events, acks, pings, polls, connects, resumes, disconnects } = work
  const atWork = (rate: number, milliseconds: number) => (rate * milliseconds) / 1000
  return {
    authorize: atWork(connects, MILLISECONDS.authorize),
    connect: atWork(connects, MILLISECONDS.connect),
    disconnect: atWork(disconnects, MILLISECONDS.disconnect),
    message:
      atWork(acks, MILLISECONDS.ack) +
      atWork(pings, MILLISECONDS.ping) +
      atWork(resumes, MILLISECONDS.resume),
    event: atWork(events, MILLISECONDS.event),
    recent: atWork(polls, MILLISECONDS.poll),
  }
}

/** A line of the access log for each message, handshake, close and poll, and what the functions print for an event. */
function logBytesOf({ events, acks, pings, polls, connects, resumes, disconnects }: Work): number {
  const lines = acks + pings + polls + connects + resumes + disconnects
  return events * STANDING.logBytesPerEvent + lines * STANDING.logBytesPerMessage
}
