import { dollars, markdownTable, quantity } from '../../src/template-runner/cost/text-table.ts'
import type { Assumptions } from './assumptions.ts'
import { type Bill, billAt } from './bill.ts'
import { loadAt } from './model.ts'
import { crossingOf, QUOTAS } from './quotas.ts'

type Row = readonly [string, (bill: Bill) => string]

/** Cents where they count. */
export const money = (amount: number): string =>
  amount >= 100 ? dollars(Math.round(amount)).replace('.00', '') : dollars(amount)

const BILL_ROWS: readonly Row[] = [
  ['Events a month', ({ events }) => quantity(events)],
  ['Events: queue, logs, receipts, pushes', ({ parts }) => money(parts.events)],
  ['Acks', ({ parts }) => money(parts.acks)],
  ['Pings', ({ parts }) => money(parts.pings)],
  ['Connection minutes', ({ parts }) => money(parts.minutes)],
  ['Connecting, resuming, leaving', ({ parts }) => money(parts.sessions)],
  ['Polls', ({ parts }) => money(parts.polls)],
  ['What is kept: storage, logs, a secret, an idle queue', ({ parts }) => money(parts.kept)],
  ['**Sum**', ({ total }) => `**${money(total)}**`],
  ['for a million events', ({ total, events }) => money((total / events) * 1e6)],
  ['for a user', ({ total, users }) => dollars(total / users)],
  ['Share of the pings', ({ total, parts }) => `${Math.round((parts.pings / total) * 100)} %`],
  ['API Gateway for sockets, and pings', ({ ofSockets }) => money(ofSockets)],
  ['AppSync Events (no log, no receipts)', ({ month }) => money(month.appSync)],
  ['Ably', ({ month: { ably } }) => `${money(ably.low)} to ${money(ably.high)}`],
]

export function billTable(
  sizes: readonly number[],
  assumed: Assumptions,
  machine: number | undefined,
): string {
  const bills = sizes.map((users) => billAt(users, assumed))
  const rows = [...BILL_ROWS, ...machineRow(machine)].map(([name, cell]) => [name, ...bills.map(cell)])
  return markdownTable(['Users', ...sizes.map(quantity)], rows)
}

/** Nobody's price is made up: it is told, or left out. */
function machineRow(machine: number | undefined): readonly Row[] {
  if (machine === undefined) return []
  return [
    [
      `Machines at ${dollars(machine)} that the sum pays for`,
      ({ total }) => quantity(Math.floor(total / machine)),
    ],
  ]
}

/** Up to what API Gateway's ten minutes leave room for. */
const INTERVALS = [60, 120, 300, 540]
const AT = 1_000_000

export function pingTable(assumed: Assumptions): string {
  const cases = INTERVALS.map((pingSeconds) => ({ ...assumed, pingSeconds }))
  const bills = cases.map((one) => billAt(AT, one))
  const account = QUOTAS.find(({ name }) => name.startsWith('API Gateway: requests'))
  const crossings = cases.map((one) => (account ? crossingOf(account, one) : Infinity))
  return markdownTable(
    [`Seconds between pings, ${quantity(AT)} users`, ...INTERVALS.map(quantity)],
    [
      ['Pings a second at the peak', ...cases.map((one) => quantity(Math.round(loadAt(AT, one).work.pings)))],
      ['$ a month for pings', ...bills.map(({ parts }) => money(parts.pings))],
      ['$ a month in all', ...bills.map(({ total }) => money(total))],
      [
        "Users at whom API Gateway's 10,000 requests a second are reached",
        ...crossings.map((users) => quantity(Number(users.toPrecision(3)))),
      ],
    ],
  )
}
