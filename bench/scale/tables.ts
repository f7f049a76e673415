/** The tables that docs/scale.md shows, each by the name under which it stands there. */
import { dollars, markdownTable, quantity } from '../../src/template-runner/cost/text-table.ts'
import { type Assumptions, ASSUMPTION_NAMES, CALL_MILLISECONDS, MILLISECONDS } from './assumptions.ts'
import { billAt } from './bill.ts'
import { billTable, money, pingTable } from './bill-tables.ts'
import { type Measured, oneMachineAt, usersForRate } from './embedded.ts'
import { connectionsTable, fanoutTable, hotLogTable } from './hot-tables.ts'
import { type Load, loadAt, openOnAverage } from './model.ts'
import type { Options } from './options.ts'
import { accountsFor, crossingOf, QUOTAS, type Quota } from './quotas.ts'
import { PATIENCE_SECONDS, POLL_SECONDS, secondsToReturn, type Storm } from './storm.ts'

export type Tables = Readonly<Record<string, string>>

export function tablesOf({ sizes, assumed, machineDollars }: Options, measured: Measured): Tables {
  const loads = sizes.map((users) => loadAt(users, assumed))
  return {
    assumptions: assumptionsTable(assumed),
    times: timesTable(),
    load: loadTable(loads),
    quotas: quotasTable(loads, assumed),
    sources: sourcesTable(),
    storm: stormTable(loads),
    'hot log': hotLogTable(assumed),
    connections: connectionsTable(),
    fanout: fanoutTable(),
    bill: billTable(sizes, assumed, machineDollars),
    pings: pingTable(assumed),
    end: endTable(sizes, assumed),
    machine: machineTable(sizes, assumed, measured),
    'machine end': machineEndTable(assumed, measured),
  }
}

function assumptionsTable(assumed: Assumptions): string {
  const names = Object.entries(ASSUMPTION_NAMES) as [keyof Assumptions, string][]
  return markdownTable(
    ['Assumed', ''],
    names.map(([key, name]) => [name, quantity(assumed[key])]),
  )
}

function timesTable(): string {
  const { table, post, queue } = CALL_MILLISECONDS
  const functions = Object.entries(MILLISECONDS).map(([name, ms]) => [`Function: ${name}`, quantity(ms)])
  return markdownTable(
    ['Assumed milliseconds', ''],
    [
      ...functions,
      ['A call of DynamoDB', quantity(table)],
      ['A post to a connection', quantity(post)],
      ['Receive a batch, invoke the function, delete the batch', quantity(queue)],
    ],
  )
}

const LOAD_ROWS: readonly [string, (load: Load) => number][] = [
  ['Open connections', ({ openConnections }) => openConnections],
  ['Events a second', ({ work }) => work.events],
  ['New connections a second', ({ work }) => work.connects],
  ['Pings a second', ({ work }) => work.pings],
  ['Messages in a second', ({ messagesIn }) => messagesIn],
  ['Messages out a second', ({ messagesOut }) => messagesOut],
  ['of them posts to `@connections`', ({ work }) => work.pushes],
  ["Requests a second of API Gateway's account", ({ gatewayRequests }) => gatewayRequests],
  ['SQS: messages a second', ({ work }) => work.events],
  ['SQS: calls a second, of each kind', ({ queueCalls }) => queueCalls],
  ['Log table: write units a second', ({ tables }) => tables.log.writes],
  ['Log table: read units a second', ({ tables }) => tables.log.reads],
  ['Connections table: write units a second', ({ tables }) => tables.connections.writes],
  ['Connections table: read units a second', ({ tables }) => tables.connections.reads],
  ['Lambda: invocations a second', ({ invocations }) => invocations],
  ['Lambda: functions at work at once', ({ totalConcurrency }) => totalConcurrency],
  ['CloudWatch Logs: KB a second', ({ logBytes }) => logBytes / 1000],
]

function loadTable(loads: readonly Load[]): string {
  const header = ['Users', ...loads.map(({ users }) => quantity(users))]
  return markdownTable(
    header,
    LOAD_ROWS.map(([name, value]) => [name, ...loads.map((load) => quantity(rounded(value(load))))]),
  )
}

/** Two digits of what is assumed anyway. */
function rounded(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(3))
}

function quotasTable(loads: readonly Load[], assumed: Assumptions): string {
  const rows = QUOTAS.map((quota) => ({ quota, crossing: crossingOf(quota, assumed) }))
    .sort((a, b) => a.crossing - b.crossing)
    .map(({ quota, crossing }) => [
      quota.name,
      quantity(quota.value),
      Number.isFinite(crossing) ? quantity(rounded(crossing)) : 'never',
      ...loads.map((load) => factorOf(quota, load)),
      quota.raisedBy ?? 'nothing',
    ])
  const header = [
    'Quota',
    'default',
    'reached with users',
    ...loads.map(({ users }) => quantity(users)),
    'raised by',
  ]
  return markdownTable(header, rows)
}

/** By how much it must be raised, or which part of it is taken. */
function factorOf({ value, load: loadOf }: Quota, load: Load): string {
  const factor = loadOf(load) / value
  if (factor > 1) return `**× ${factor < 10 ? factor.toFixed(1) : quantity(Math.ceil(factor))}**`
  return `${factor < 0.01 ? '<1' : Math.ceil(factor * 100)} %`
}

function sourcesTable(): string {
  const sources = new Map<string, string[]>()
  for (const { name, source } of QUOTAS) sources.set(source, [...(sources.get(source) ?? []), name])
  return markdownTable(
    ['Source', 'of'],
    [...sources].map(([source, names]) => [source, names.join('; ')]),
  )
}

const DEFAULT_RATE = 500

function stormTable(loads: readonly Load[]): string {
  const row = (name: string, value: (storm: Storm) => number) => [
    name,
    ...loads.map(({ storm }) => quantity(rounded(value(storm)))),
  ]
  return markdownTable(
    ['Users', ...loads.map(({ users }) => quantity(users))],
    [
      row('Connections that come back', ({ connections }) => connections),
      row(`Seconds that it takes at ${DEFAULT_RATE} new connections a second`, (storm) =>
        secondsToReturn(storm, DEFAULT_RATE),
      ),
      row(`New connections a second to do it in ${PATIENCE_SECONDS} s`, ({ connects }) => connects),
      row('Functions at work for that', ({ concurrency }) => concurrency),
      row(`Polls a second at first, every ${POLL_SECONDS} s from each`, ({ polls }) => polls),
    ],
  )
}

function endTable(sizes: readonly number[], assumed: Assumptions): string {
  const bills = sizes.map((users) => billAt(users, assumed))
  return markdownTable(
    ['Users', ...sizes.map(quantity)],
    [
      [
        'Accounts or regions, if no quota is raised',
        ...sizes.map((users) => quantity(accountsFor(users, assumed))),
      ],
      ['$ a month of sockets and pings on AWS', ...bills.map(({ ofSockets }) => money(ofSockets))],
      [
        'for a connection that is open all month',
        ...bills.map(({ users, ofSockets }) => dollars(ofSockets / openOnAverage(users, assumed))),
      ],
    ],
  )
}

function machineTable(sizes: readonly number[], assumed: Assumptions, measured: Measured): string {
  const machines = sizes.map((users) => oneMachineAt(users, assumed, measured))
  const row = (name: string, value: (machine: (typeof machines)[number]) => number) => [
    name,
    ...machines.map((machine) => quantity(rounded(value(machine)))),
  ]
  const { eventsPerSecond, pushedSocketKiB, socketHeapKiB } = measured
  return markdownTable(
    ['Users', ...sizes.map(quantity)],
    [
      row('Sockets, and file descriptors', ({ sockets }) => sockets),
      row(`GiB of own memory, ${pushedSocketKiB} KiB a socket`, ({ memoryGiB }) => memoryGiB),
      row(`of it JavaScript's heap, ${socketHeapKiB} KiB a socket`, ({ heapGiB }) => heapGiB),
      row('Events a second', ({ eventsPerSecond: rate }) => rate),
      row(`% of the ${quantity(eventsPerSecond)} that were measured`, ({ share }) => share * 100),
      row('GB of events and receipts', ({ dataGB }) => dataGB),
    ],
  )
}

function machineEndTable(assumed: Assumptions, measured: Measured): string {
  const users = usersForRate(assumed, measured)
  const { sockets, memoryGiB, dataGB } = oneMachineAt(users, assumed, measured)
  return markdownTable(
    [`One machine at ${quantity(measured.eventsPerSecond)} events a second`, ''],
    [
      ['Users', quantity(rounded(users))],
      ['Sockets', quantity(rounded(sockets))],
      ['GiB of own memory for them', quantity(rounded(memoryGiB))],
      ['GB of events and receipts', quantity(rounded(dataGB))],
    ],
  )
}
