/** What a month costs with so many users: `monthly` of the cost meter, and what that leaves out: who comes, goes and polls. */
import { monthly, type Month, type MonthlyAssumptions } from '../../src/template-runner/cost/monthly.ts'
import {
  addUnits,
  dollarsFor,
  dollarsOf,
  timesUnits,
  type BillableUnits,
} from '../../src/template-runner/cost/prices.ts'
import { ACK_UNITS, PING_UNITS } from '../costs.ts'
import { type Assumptions, functionTime, MILLISECONDS, STANDING } from './assumptions.ts'
import { openOnAverage, pushesPerEvent, workOf } from './model.ts'
import { unitsOf, type Work } from './work.ts'

/** As `monthly` has it. */
const DAYS = 30.4375
const MONTH_SECONDS = DAYS * 24 * 60 * 60
const GB = 1024 ** 3

export interface Bill {
  readonly users: number
  readonly events: number
  readonly month: Month
  readonly total: number
  /** Of the total, by what it is for. */
  readonly parts: {
    readonly events: number
    readonly acks: number
    readonly pings: number
    readonly minutes: number
    readonly sessions: number
    readonly polls: number
    readonly kept: number
  }
  /** What API Gateway takes for sockets and their messages, and what answering pings takes beside. */
  readonly ofSockets: number
}

export function billAt(users: number, assumed: Assumptions): Bill {
  const events = users * assumed.eventsPerUserAndDay * DAYS
  const assumptions = monthlyAssumptions(users, assumed)
  const month = monthly(events, assumptions)
  const { acks, pings, minutes } = month.parts
  const ofEvents = dollarsOf(timesUnits(assumptions.perEvent, events))
  const work = workOfMonth(users, assumed)
  const [sessions, polls] = [dollarsOf(sessionUnits(work)), dollarsOf(pollUnits(work))]
  return {
    ...{ users, events, month, total: month.total + sessions + polls },
    parts: {
      ...{ events: ofEvents, acks, pings, minutes, sessions, polls },
      kept: month.total - ofEvents - acks - pings - minutes,
    },
    ofSockets: minutes + pings + acksAndPushes(month) + dollarsFor('webSocketMessage', 2 * work.resumes),
  }
}

/** Messages of API Gateway that are no pings'. */
function acksAndPushes({ events, assumptions }: Month): number {
  return dollarsFor('webSocketMessage', events * (assumptions.connections + assumptions.acksPerEvent))
}

/** What `monthly` is told for so many users. */
export function monthlyAssumptions(users: number, assumed: Assumptions): MonthlyAssumptions {
  const { recipients, acksPerPush, pingSeconds } = assumed
  const pushes = pushesPerEvent(assumed)
  return {
    ...STANDING,
    recipients,
    connections: pushes,
    perEvent: perEvent(assumed),
    acksPerEvent: pushes * acksPerPush,
    perAck: { ...ACK_UNITS, functionTime: functionTime('message', MILLISECONDS.ack) },
    openConnections: openOnAverage(users, assumed),
    pingSeconds,
    perPing: { ...PING_UNITS, functionTime: functionTime('message', MILLISECONDS.ping) },
  }
}

function perEvent(assumed: Assumptions): BillableUnits {
  const one: Work = { ...NOTHING, ...eventWork(assumed) }
  return { ...unitsOf(one, assumed.recipients), functionTime: functionTime('event', MILLISECONDS.event) }
}

function eventWork(assumed: Assumptions): Pick<Work, 'events' | 'sends' | 'batches' | 'pushes'> {
  const batches = 1 / assumed.eventsPerBatch
  return { events: 1, sends: batches, batches, pushes: pushesPerEvent(assumed) }
}

export const NOTHING: Work = {
  ...{ events: 0, sends: 0, batches: 0, pushes: 0, acks: 0, pings: 0, polls: 0 },
  ...{ connects: 0, resumes: 0, disconnects: 0 },
}

export function workOfMonth(users: number, assumed: Assumptions): Work {
  const { eventsPerUserAndDay, pollsPerUserAndDay } = assumed
  const [events, polls] = [users * eventsPerUserAndDay * DAYS, users * pollsPerUserAndDay * DAYS]
  return workOf(events, openOnAverage(users, assumed), polls, MONTH_SECONDS, assumed)
}

/** Coming, asking for what was missed, going. */
function sessionUnits({ connects, resumes, disconnects }: Work): BillableUnits {
  const { authorize, connect, resume, disconnect } = MILLISECONDS
  const time =
    connects * (functionTime('authorize', authorize) + functionTime('connect', connect)) +
    resumes * functionTime('message', resume) +
    disconnects * functionTime('disconnect', disconnect)
  return addUnits(unitsOf({ ...NOTHING, connects, resumes, disconnects }, 0), {
    functionTime: time,
    logIngestion: logged(connects + resumes + disconnects),
  })
}

function pollUnits({ polls }: Work): BillableUnits {
  return addUnits(unitsOf({ ...NOTHING, polls }, 0), {
    functionTime: polls * functionTime('recent', MILLISECONDS.poll),
    logIngestion: logged(polls),
  })
}

/** Lines of an access log. */
function logged(lines: number): number {
  return (lines * STANDING.logBytesPerMessage) / GB
}
