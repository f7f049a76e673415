import { describe, expect, it } from 'vitest'
import { compare, idealUnits, millions } from '../../../src/template-runner/cost/comparison.ts'
import { meter } from '../../../src/template-runner/cost/meter.ts'
import {
  monthly,
  monthlyMarkdown,
  type MonthlyAssumptions,
  unitsMarkdown,
} from '../../../src/template-runner/cost/monthly.ts'
import { dollarsFor, PRICES } from '../../../src/template-runner/cost/prices.ts'
import { costReport, costText } from '../../../src/template-runner/cost/report.ts'
import { markdownTable, quantity } from '../../../src/template-runner/cost/text-table.ts'
import { call, invocation, itemOf, post, recording } from './snippets.ts'

const TWO = { recipients: 2, connections: 2 }
const IDEAL = { ...TWO, batchSize: 10, logEntryUnits: 1, memoryMb: 512, functionMs: 7.5 }

describe('the published comparison: 1 KB, two recipients with one connection each', () => {
  it('ideal batching and no receipt come to about $3.85 per million, by its parts', () => {
    const units = idealUnits(IDEAL)
    const part = (...names: (keyof typeof PRICES)[]) =>
      names.reduce((sum, name) => sum + dollarsFor(name, (units[name] ?? 0) * 1e6), 0)
    expect(part('webSocketMessage')).toBeCloseTo(2, 9)
    expect(part('writeUnit')).toBeCloseTo(1.25, 9)
    expect(part('readUnit')).toBeCloseTo(0.375, 9)
    expect(part('queueRequest')).toBeCloseTo(0.15, 9)
    expect(part('functionRequest', 'functionTime')).toBeCloseTo(0.07, 4)
    expect(millions(units)).toBeCloseTo(3.85, 2)
    expect(millions(idealUnits({ ...IDEAL, logEntryUnits: 2 }))).toBeCloseTo(3.85 + 1.25, 2)
  })

  it('AppSync Events comes to $4.00 without a log and $5.50 to 6.75 with one, Ably to $7.50 to 10.00', () => {
    expect(compare(TWO)).toEqual({
      appSync: 4,
      appSyncWithLog: { low: 5.5, high: 6.75 },
      ably: { low: 7.5, high: 10 },
    })
  })

  it('grows with the audience', () => {
    expect(compare({ recipients: 1, connections: 3 })).toMatchObject({
      appSync: 4,
      ably: { low: 10, high: 10 },
    })
  })
})

describe('the cost report', () => {
  const at = (time: number) => ({ at: time })
  const lines = meter(
    recording(
      [
        call('PutItem', { Item: itemOf(1) }, {}, at(1000)),
        call('PutItem', { Item: itemOf(1) }, {}, at(1001)),
        post(500, at(1002)),
        post(500, at(1003)),
        call('UpdateItem', { Key: { pk: { S: 'a' } } }, {}, at(5000)),
        call('Query', {}, { Items: [] }, at(7000)),
        call('Query', {}, { Items: [] }, at(7001)),
      ],
      [
        invocation({ durationMs: 8, memoryMb: 1024 }),
        invocation({ at: 5000, trigger: 'websocket', routeKey: 'ack' }),
        invocation({ at: 9000, trigger: 'websocket', routeKey: '$connect' }),
        invocation({ at: 7000, trigger: 'websocket', routeKey: 'ping', memoryMb: 256 }),
        invocation({ at: 7001, trigger: 'websocket', routeKey: 'ping', memoryMb: 256 }),
      ],
      {
        messagesIn: { ack: { count: 1, units: 1 }, ping: { count: 2, units: 2 } },
        messagesOut: { ping: { count: 2, units: 2 } },
      },
    ),
  )
  const options = { ...TWO, events: 2, eventGroups: ['queue'], ackGroups: ['ack'], pingGroups: ['ping'] }
  const report = costReport(lines, options)

  it('divides what an event takes by the number of events', () => {
    const { withoutAcks } = report
    expect(withoutAcks.lines.map(({ operation, calls, units }) => [operation, calls, units])).toEqual([
      ['PutItem', 1, 1],
      ['PostToConnection', 1, 1],
      ['invocation', 0.5, 0.5],
      ['duration, measured here', 0, 0.004],
    ])
    expect(withoutAcks.sdkCalls).toBe(2)
    expect(withoutAcks.dollarsPerMillion).toBeCloseTo(0.625 + 1 + 0.1 + 4000 * 0.0000133334, 9)
  })

  it('adds the acks apart', () => {
    const { withoutAcks, acks, withAcks } = report
    const ackTime = 2500 * 0.0000133334
    expect(acks.dollarsPerMillion).toBeCloseTo(0.3125 + 0.5 + 0.1 + ackTime, 9)
    expect(withAcks.dollarsPerMillion).toBe(withoutAcks.dollarsPerMillion + acks.dollarsPerMillion)
    expect(withAcks.sdkCalls).toBe(2.5)
    expect(report.estimatedCalls).toBe(1)
  })

  it('divides what pings take by the number of pings', () => {
    const { count, lines: each, sdkCalls, dollarsPerMillion } = report.pings
    expect(count).toBe(2)
    expect(each.map(({ operation, calls, units }) => [operation, calls, units])).toEqual([
      ['Query', 1, 0.5],
      ['invocation', 1, 1],
      ['duration, measured here', 0, 0.0025],
      ['message in', 1, 1],
      ['route response', 1, 1],
    ])
    expect(sdkCalls).toBe(1)
    expect(dollarsPerMillion).toBeCloseTo(2 + 0.0625 + 0.2 + 2500 * 0.0000133334, 9)
  })

  it('leaves connecting and open connections out of an event and a ping', () => {
    expect(new Set(report.apart.map(({ group }) => group))).toEqual(new Set(['$connect', 'open connections']))
  })

  it('reads as a text, and is JSON', () => {
    const text = costText(report)
    expect(text).toContain(
      'Cost of 2 events to 2 recipients with 2 connections; prices of us-east-1, 2026-11',
    )
    expect(text).toMatch(/DynamoDB +PutItem +queue +1 +1 +write units of 1 KB +\$0\.63\n/)
    expect(text).toContain('Sum without acks: $1.78 per million events, 2 SDK calls per event.')
    expect(text).toContain('With acks: $2.72 per million events, 2.5 SDK calls per event.')
    expect(text).toMatch(/AppSync Events, with the same log +\$5\.50 to \$6\.75\n/)
    expect(text).toContain('\n\nA ping (of 2)\n')
    expect(text).toMatch(/DynamoDB +Query +ping +1 +0\.5 +read units of 4 KB +\$0\.06\n/)
    expect(text).toContain('Sum pings: $2.30 per million pings, 1 SDK calls per ping.')
    expect(text).toContain('Of 1 calls only a lower bound of the units is known.')
    expect(text).toContain('as measured on this machine')
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  it('says nothing of acks and pings that there were none of', () => {
    const none = costReport([], { ...options, ackGroups: [] })
    expect(none.pings).toEqual({ count: 0, dollarsPerMillion: 0, sdkCalls: 0, lines: [] })
    const text = costText(none)
    expect(text).not.toContain('Acks of an event')
    expect(text).not.toContain('A ping')
    expect(text).not.toContain('Apart from events')
    expect(text).not.toContain('lower bound')
  })

  it('wants to know how many events there were', () => {
    expect(() => costReport(lines, { ...options, events: 0 })).toThrow(
      'events must be the number of published events, not 0',
    )
  })
})

describe('a month', () => {
  const assumptions: MonthlyAssumptions = {
    ...TWO,
    perEvent: idealUnits(IDEAL),
    acksPerEvent: 2,
    perAck: { webSocketMessage: 1, functionRequest: 1, writeUnit: 1 },
    openConnections: 1000,
    pingSeconds: 60,
    perPing: { webSocketMessage: 2, functionRequest: 1 },
    storedBytes: 1300,
    retentionDays: 30.4375,
    receiptBytes: 300,
    receiptDays: 60.875,
    pointInTimeRecovery: true,
    logBytesPerEvent: 200,
    logBytesPerMessage: 0,
    secrets: 1,
    emptyReceives: 600_000,
  }
  const lineOf = (events: number, price: keyof typeof PRICES, more: Partial<MonthlyAssumptions> = {}) =>
    monthly(events, { ...assumptions, ...more }).lines.find((line) => line.price === price)

  it('is the events, their acks and what is there anyway', () => {
    const standing = monthly(0, assumptions)
    expect(new Set(standing.lines.map(({ price }) => price))).toEqual(
      new Set(['queueRequest', 'secret', 'connectionMinute', 'webSocketMessage', 'functionRequest']),
    )
    // 1,000 connections × 30.4375 days × 1,440 minutes = 43.83 million minutes, and as many pings.
    expect(standing.total).toBeCloseTo(0.3 + 0.4 + 43.83 * (0.25 + 2.2), 9)
    // Two entries for one month, a receipt for two.
    const stored = (1e6 * (2 * 1400 + 2 * 400)) / 1024 ** 3
    const perMillion = millions(idealUnits(IDEAL)) + 2 * (1 + 0.2 + 0.625)
    const kept = stored * (0.25 + 0.2) + ((1e6 * 200) / 1024 ** 3) * 0.5
    expect(monthly(1e6, assumptions).total).toBeCloseTo(standing.total + perMillion + kept, 6)
  })

  it('of many events costs as many times their part', () => {
    const [small, medium, large] = [1e4, 1e6, 1e9].map((events) => lineOf(events, 'writeUnit')!)
    expect(small!.dollars).toBeCloseTo((1e4 * 4 * 0.625) / 1e6, 9)
    expect(medium!.dollars).toBeCloseTo(2.5, 9)
    expect(large!.dollars).toBeCloseTo(2500, 6)
  })

  it('keeps twice as much when it is kept twice as long', () => {
    const once = lineOf(1e6, 'storage')!.units
    expect(lineOf(1e6, 'storage', { retentionDays: 60.875, receiptDays: 121.75 })!.units).toBeCloseTo(
      2 * once,
      9,
    )
    expect(lineOf(1e6, 'pointInTimeRecovery')!.units).toBe(once)
    expect(lineOf(1e6, 'pointInTimeRecovery', { pointInTimeRecovery: false })).toBeUndefined()
  })

  it('has pings in it as often as connections are said to ping, whatever the number of events', () => {
    for (const events of [0, 1e6])
      expect(monthly(events, assumptions).parts).toMatchObject({
        pings: expect.closeTo(43.83 * 2.2, 9) as number,
        minutes: expect.closeTo(43.83 * 0.25, 9) as number,
      })
    const seldom = { ...assumptions, pingSeconds: 300 }
    expect(monthly(1e6, seldom).parts.pings).toBeCloseTo((43.83 * 2.2) / 5, 9)
    const { total } = monthly(1e6, assumptions)
    expect(total - monthly(1e6, seldom).total).toBeCloseTo((43.83 * 2.2 * 4) / 5, 6)
    expect(monthly(1e6, { ...assumptions, openConnections: 0 }).parts).toMatchObject({ pings: 0, minutes: 0 })
  })

  it('logs each ack and each ping', () => {
    const quiet = { ...assumptions, logBytesPerEvent: 0 }
    expect(lineOf(1e6, 'logIngestion', quiet)).toBeUndefined()
    const messages = 1e6 * 2 + 43.83e6
    expect(lineOf(1e6, 'logIngestion', { ...quiet, logBytesPerMessage: 500 })!.units).toBeCloseTo(
      (messages * 500) / 1024 ** 3,
      6,
    )
  })

  it('is set beside the same month elsewhere, connection minutes included', () => {
    const { appSync, ably } = monthly(1e6, assumptions)
    expect(appSync).toBeCloseTo(4 + 43.83 * 0.08, 9)
    expect(ably.low).toBeCloseTo(7.5 + 43.83, 9)
    expect(ably.high).toBeCloseTo(10 + 43.83, 9)
  })

  it('is a Markdown table with its assumptions', () => {
    const months = [1e4, 1e6, 1e9].map((events) => monthly(events, assumptions))
    const rows = monthlyMarkdown(months).split('\n')
    expect(rows.slice(0, 3)).toEqual([
      '| Events a month | 10,000 | 1,000,000 | 1,000,000,000 |',
      '| --- | ---: | ---: | ---: |',
      '| DynamoDB: write units of 1 KB ($0.625 for 1,000,000) | $0.03 | $2.50 | $2,500.00 |',
    ])
    expect(rows).toContain('| AppSync Events (no log) | $3.55 | $7.51 | $4,003.51 |')
    expect(rows).toContain('| of it acks | $0.04 | $3.65 | $3,650.00 |')
    expect(rows).toContain('| of it pings | $96.43 | $96.43 | $96.43 |')
    expect(rows).toContain('| of it connection minutes | $10.96 | $10.96 | $10.96 |')
    expect(rows).toContain('| Open connections on average | 1,000 | 1,000 | 1,000 |')
    expect(rows).toContain('| Seconds between pings of an open connection | 60 | 60 | 60 |')
    expect(rows).toContain('| Point-in-time recovery | yes | yes | yes |')
  })
})

describe('the tables', () => {
  it('set single things side by side', () => {
    const table = unitsMarkdown({
      'an event': { writeUnit: 4, queueRequest: 0.3 },
      'a ping': { readUnit: 1 },
    })
    expect(table.split('\n')).toEqual([
      '| Units of one; dollars for a million | an event | a ping |',
      '| --- | ---: | ---: |',
      '| DynamoDB: write units of 1 KB ($0.625 for 1,000,000) | 4: $2.50 |  |',
      '| DynamoDB: read units of 4 KB ($0.125 for 1,000,000) |  | 1: $0.13 |',
      '| SQS FIFO: requests of 64 KB ($0.5 for 1,000,000) | 0.3: $0.15 |  |',
      '| **Sum** | **$2.65** | **$0.13** |',
    ])
  })

  it('keep bars out of Markdown cells', () => {
    expect(markdownTable(['a', 'b'], [['x|y', '1']])).toBe('| a | b |\n| --- | ---: |\n| x\\|y | 1 |')
  })

  it('show as many digits as a quantity needs', () => {
    expect([0, 0.00375, 0.5, 1.256, 1234.5].map(quantity)).toEqual(['0', '0.00375', '0.5', '1.26', '1,235'])
  })
})
