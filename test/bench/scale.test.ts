/** The scale model: what grows with what, and that it rests on the numbers that stand elsewhere. */
import { describe, expect, it } from 'vitest'
import { ASSUMED, MILLISECONDS, STANDING, functionTime } from '../../bench/scale/assumptions.ts'
import { billAt, monthlyAssumptions, NOTHING, workOfMonth } from '../../bench/scale/bill.ts'
import {
  connectionsItemBytes,
  fanout,
  hotLog,
  ITEM_BYTES,
  largestReceiptBytes,
} from '../../bench/scale/hot.ts'
import { concurrencyOf, type Load, loadAt, workOf } from '../../bench/scale/model.ts'
import { SIZES } from '../../bench/scale/options.ts'
import { accountsFor, crossingOf, QUOTAS } from '../../bench/scale/quotas.ts'
import { POLL_SECONDS, secondsToReturn } from '../../bench/scale/storm.ts'
import { tableUnitsOf, unitsOf } from '../../bench/scale/work.ts'
import { ACK_UNITS, CONNECT_UNITS, EVENT_UNITS, PING_UNITS, POLL_UNITS } from '../../bench/costs.ts'
import { settingsFrom } from '../../lib/settings.ts'
import { monthly } from '../../src/template-runner/cost/monthly.ts'
import { dollarsOf, timesUnits } from '../../src/template-runner/cost/prices.ts'
import { textOf } from '../deploy/files.ts'

const quotaNamed = (start: string) => QUOTAS.find(({ name }) => name.startsWith(start))!

/** Every number of a load, by where it stands. */
function numbersOf(load: Load): Record<string, number> {
  const flat = (value: object, path: string): [string, number][] =>
    Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
      typeof one === 'number'
        ? [[`${path}${key}`, one] as [string, number]]
        : flat(one as object, `${path}${key}.`),
    )
  return Object.fromEntries(flat(load, ''))
}

describe('the units', () => {
  it.each([
    ['an event', { events: 1, sends: 0.1, batches: 0.1, pushes: 2 }, EVENT_UNITS],
    ['an ack', { acks: 1 }, ACK_UNITS],
    ['a ping', { pings: 1 }, PING_UNITS],
    ['a poll', { polls: 1 }, POLL_UNITS],
    ['a connection', { connects: 1 }, CONNECT_UNITS],
  ])('of %s are those of the cost meter', (_, work, expected) => {
    const units = unitsOf({ ...NOTHING, ...work }, 2)
    for (const [price, count] of Object.entries(expected)) {
      expect(units[price as keyof typeof units] ?? 0, price).toBeCloseTo(count, 9)
    }
  })

  it('are those of both tables together', () => {
    const { work } = loadAt(1_000_000, ASSUMED)
    const { log, connections } = tableUnitsOf(work, ASSUMED.recipients)
    const { writeUnit, readUnit } = unitsOf(work, ASSUMED.recipients)
    expect(log.writes + connections.writes).toBeCloseTo(writeUnit!, 6)
    expect(log.reads + connections.reads).toBeCloseTo(readUnit!, 6)
  })
})

describe('the load', () => {
  it('grows in proportion to the users, in every number', () => {
    const [one, ten] = [numbersOf(loadAt(1000, ASSUMED)), numbersOf(loadAt(10_000, ASSUMED))]
    for (const [name, value] of Object.entries(one)) expect(ten[name], name).toBeCloseTo(10 * value, 6)
  })

  it('grows with what each user does more often, and never falls', () => {
    const before = numbersOf(loadAt(1000, ASSUMED))
    const more = {
      ...ASSUMED,
      eventsPerUserAndDay: 6,
      pollsPerUserAndDay: 2,
      pingSeconds: 30,
      sessionMinutes: 5,
    }
    for (const [name, value] of Object.entries(numbersOf(loadAt(1000, more)))) {
      expect(value, name).toBeGreaterThanOrEqual(before[name]!)
    }
  })

  it('is what the assumptions say: 130,000 connections of a million users ping once a minute', () => {
    const { openConnections, work } = loadAt(1_000_000, ASSUMED)
    expect(openConnections).toBeCloseTo(130_000, 6)
    expect(work.pings).toBeCloseTo(130_000 / 60, 6)
    expect(work.connects).toBeCloseTo(130_000 / (15 * 60), 6)
    expect(work.events).toBeCloseTo((1_000_000 * 3 * 6) / 86_400, 6)
    expect(work.pushes).toBeCloseTo(work.events * 2 * 0.5 * 1.3, 6)
  })

  it('keeps as many functions at work as come in, times how long each takes', () => {
    const { message, connect, event, authorize } = concurrencyOf({
      ...NOTHING,
      ...{ pings: 1000, acks: 200, resumes: 40, connects: 50, events: 300 },
    })
    expect(message).toBeCloseTo(
      (1000 * MILLISECONDS.ping + 200 * MILLISECONDS.ack + 40 * MILLISECONDS.resume) / 1000,
    )
    expect(connect).toBeCloseTo((50 * MILLISECONDS.connect) / 1000)
    expect(authorize).toBeCloseTo((50 * MILLISECONDS.authorize) / 1000)
    expect(event).toBeCloseTo((300 * MILLISECONDS.event) / 1000)
  })

  it('over a day is the average: a connection that ends is followed by another', () => {
    const day = workOf(1000, 100, 10, 86_400, { ...ASSUMED, sessionMinutes: 60 })
    expect(day).toMatchObject({ events: 1000, batches: 100, connects: 2400, pings: 144_000, polls: 10 })
  })
})

describe('a quota', () => {
  it.each(QUOTAS)('is full at the number of users that is told, not before: $name', (quota) => {
    const users = crossingOf(quota, ASSUMED)
    expect(quota.load(loadAt(users * 1.001, ASSUMED))).toBeGreaterThan(quota.value)
    expect(quota.load(loadAt(users * 0.999, ASSUMED))).toBeLessThan(quota.value)
  })

  it('is never full where nothing takes of it', () => {
    const quiet = { ...ASSUMED, pollsPerUserAndDay: 0 }
    expect(crossingOf(quotaNamed("This stack's HTTP requests a second"), quiet)).toBe(Infinity)
  })

  it('of new connections is full at 450,000 connections that last 15 minutes', () => {
    const users = crossingOf(quotaNamed('API Gateway: new connections'), ASSUMED)
    expect(loadAt(users, ASSUMED).openConnections).toBeCloseTo(500 * 15 * 60, 3)
  })

  it('of the stack is the default of its property', () => {
    const { webSocketThrottle, httpThrottle } = settingsFrom({})
    expect(quotaNamed("This stack's messages").value).toBe(webSocketThrottle.rateLimit)
    expect(quotaNamed("This stack's HTTP").value).toBe(httpThrottle.rateLimit)
  })

  it('of an account is met by another account', () => {
    expect(accountsFor(1000, ASSUMED)).toBe(1)
    const users = crossingOf(quotaNamed('API Gateway: new connections a second, all back'), ASSUMED)
    expect([accountsFor(users * 0.99, ASSUMED), accountsFor(users * 1.01, ASSUMED)]).toEqual([1, 2])
  })

  it('that holds handshakes back makes an outage longer', () => {
    expect(secondsToReturn(loadAt(1_000_000, ASSUMED).storm, 500)).toBeCloseTo(260, 6)
  })
})

describe('the bill', () => {
  it.each(SIZES)('of %d users is what `monthly` says, and who comes, goes and polls', (users) => {
    const { events, month, total, parts } = billAt(users, ASSUMED)
    expect(month).toEqual(monthly(events, monthlyAssumptions(users, ASSUMED)))
    expect(total).toBeCloseTo(month.total + parts.sessions + parts.polls, 6)
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 6)
    for (const part of Object.values(parts)) expect(part).toBeGreaterThan(0)
  })

  it('has the units of the same work', () => {
    const { events, parts } = billAt(1_000_000, ASSUMED)
    const work = workOfMonth(1_000_000, ASSUMED)
    expect(work.events).toBeCloseTo(events, 3)
    const time = timesUnits({ functionTime: functionTime('event', MILLISECONDS.event) }, events)
    const { sends, batches, pushes } = work
    const ofEvents = unitsOf({ ...NOTHING, events, sends, batches, pushes }, ASSUMED.recipients)
    expect(parts.events).toBeCloseTo(dollarsOf(ofEvents) + dollarsOf(time), 3)
  })

  it('falls by the pings that are not sent', () => {
    const [often, seldom] = [60, 300].map((pingSeconds) => billAt(1_000_000, { ...ASSUMED, pingSeconds }))
    expect(seldom!.parts.pings).toBeCloseTo(often!.parts.pings / 5, 6)
    expect(often!.total - seldom!.total).toBeCloseTo(often!.parts.pings * 0.8, 6)
  })
})

describe('what is hot', () => {
  it('is one log, long before its partition is', () => {
    const { throughQueue, byRivals, ofPartition } = hotLog(10)
    expect(throughQueue).toBeLessThan(byRivals)
    expect(byRivals).toBeLessThan(ofPartition)
    expect(hotLog(1).throughQueue).toBeLessThan(throughQueue)
  })

  it('is an event to many people: its units are those of the receipt and of each log', () => {
    expect(fanout(2, 1)).toMatchObject({ writes: 4, reads: 3 })
    expect(fanout(100, 1).milliseconds).toBeGreaterThan(fanout(2, 1).milliseconds)
  })

  it('stays within an item of DynamoDB, at the highest cap on connections', () => {
    const most = 500
    expect(() => settingsFrom({ maxConnectionsPerUser: most + 1 })).toThrow(`from 1 to ${most}`)
    expect(connectionsItemBytes(most)).toBeLessThan(ITEM_BYTES)
    expect(largestReceiptBytes(most)).toBeLessThan(ITEM_BYTES)
  })
})

describe('what is assumed here and there', () => {
  const costs = textOf('docs/costs.md')
  const row = (name: string): string => costs.split('\n').find((line) => line.startsWith(`| ${name} |`)) ?? ''

  it.each([
    ['Bytes of a stored entry', STANDING.storedBytes],
    ['Bytes of a stored receipt', STANDING.receiptBytes],
    ['Bytes logged for an event', STANDING.logBytesPerEvent],
    ['Bytes logged for a message of a client', STANDING.logBytesPerMessage],
    ['Secrets', STANDING.secrets],
    ['Empty receives', STANDING.emptyReceives],
    ['Seconds between pings of an open connection', ASSUMED.pingSeconds],
  ])('is the same in docs/costs.md: %s', (name, value) => {
    expect(row(name)).toContain(`| ${value.toLocaleString('en-US')} |`)
  })

  it('is the same in docs/costs.md: days, and the time of functions', () => {
    const days = costs.split('\n').filter((line) => line.startsWith('| Days that it is kept |'))
    expect(days.map((line) => Number(line.split('|')[2]))).toEqual([
      STANDING.retentionDays,
      STANDING.receiptDays,
    ])
    const { event, ack, ping } = MILLISECONDS
    expect(costs).toContain(
      `(${event} ms at 512 MB for an event, ${ack} ms at 256 MB for an ack, ${ping} ms for a ping)`,
    )
  })

  it('is the interval at which clients without a connection poll', () => {
    expect(textOf('src/client/poller.ts')).toContain(`pollInterval = ${POLL_SECONDS}_000`)
  })
})
