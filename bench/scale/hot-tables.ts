import { LIMITS } from '../../src/core/limits.ts'
import { dollarsFor } from '../../src/template-runner/cost/prices.ts'
import { dollars, markdownTable, quantity } from '../../src/template-runner/cost/text-table.ts'
import type { Assumptions } from './assumptions.ts'
import { connectionsItemBytes, connectionsWithin, fanout, hotLog, ITEM_BYTES, PARTITION } from './hot.ts'

export function hotLogTable({ eventsPerBatch }: Assumptions): string {
  const { byRivals, ofPartition } = hotLog(eventsPerBatch)
  return markdownTable(
    ['Events a second to one user', ''],
    [
      [
        `through the queue, ${quantity(eventsPerBatch)} at once`,
        quantity(Math.floor(hotLog(eventsPerBatch).throughQueue)),
      ],
      ['through the queue, one at once', quantity(Math.floor(hotLog(1).throughQueue))],
      ['by HTTP, or from several message groups: rivals for each offset', quantity(Math.floor(byRivals))],
      ["the log's partition: one write unit an event", quantity(ofPartition)],
    ],
  )
}

/** The most that `maxConnectionsPerUser` takes: lib/settings.ts. */
const MOST_CONNECTIONS = 500
const KIB = 1024

export function connectionsTable(): string {
  const rows = [1, LIMITS.connectionsPerUser, MOST_CONNECTIONS].map((connections) => {
    const bytes = connectionsItemBytes(connections)
    const units = Math.ceil(bytes / KIB)
    return [
      quantity(connections),
      quantity(bytes),
      quantity(units),
      quantity(Math.ceil(bytes / (4 * KIB))),
      quantity(Math.floor(PARTITION.writes / units)),
    ]
  })
  return markdownTable(
    [
      'Connections of one user',
      'bytes of the item',
      'write units to come or go',
      'read units of an event',
      'such a second',
    ],
    [
      ...rows,
      [`${quantity(connectionsWithin(ITEM_BYTES))}: the item is full`, quantity(ITEM_BYTES), '', '', ''],
    ],
  )
}

/** Recipients, and connections of each. */
const AUDIENCES = [
  [2, 1],
  [10, 1],
  [LIMITS.recipients, 1],
  [LIMITS.recipients, LIMITS.connectionsPerUser],
] as const

export function fanoutTable(): string {
  return markdownTable(
    [
      'Recipients × connections of each',
      'write units',
      'read units',
      'bytes of the receipt',
      '$ of DynamoDB for a million',
      'posts',
      'ms, alone',
      'a second, one after another',
    ],
    AUDIENCES.map(([recipients, connections]) => fanoutRow(recipients, connections)),
  )
}

function fanoutRow(recipients: number, connections: number): string[] {
  const { writes, reads, receiptBytes, milliseconds } = fanout(recipients, connections)
  const cost = dollarsFor('writeUnit', writes * 1e6) + dollarsFor('readUnit', reads * 1e6)
  return [
    `${recipients} × ${connections}`,
    ...[writes, reads, receiptBytes].map(quantity),
    dollars(cost),
    ...[recipients * connections, milliseconds].map(quantity),
    (1000 / milliseconds).toPrecision(2),
  ]
}
