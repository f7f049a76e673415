/** Where one machine with `npm start` ends, from what docs/measurements.md says that the commands there measured. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Assumptions, STANDING } from './assumptions.ts'
import { loadAt } from './model.ts'

const PAGE = join(import.meta.dirname, '../../docs/measurements.md')

export interface Measured {
  /** `npm run bench:publish`, with 64 outstanding: by HTTP, two recipients with a socket each. */
  readonly eventsPerSecond: number
  /** `npm run bench:sockets`: own memory of an open socket, and after pushes. In KiB. */
  readonly socketKiB: number
  readonly pushedSocketKiB: number
  /** Of it JavaScript's heap, which Node bounds by itself: `--max-old-space-size`. */
  readonly socketHeapKiB: number
}

/** @throws if the page's tables do not have these rows any more: then this must be told where they are */
export function measuredIn(page: string = readFileSync(PAGE, 'utf8')): Measured {
  const sockets = cellsOf(page, String.raw`\d+ sockets`)
  const pushed = cellsOf(page, String.raw`after \d+ pushes to each`)
  return {
    eventsPerSecond: numberIn(cellsOf(page, String.raw`publish \| 64`), 0),
    socketKiB: numberIn(sockets, 3),
    pushedSocketKiB: numberIn(pushed, 3),
    socketHeapKiB: numberIn(pushed, 4),
  }
}

/** What follows the name in the row of a table. */
function cellsOf(page: string, name: string): readonly string[] {
  const [, rest] = new RegExp(String.raw`^\| ${name} \|(.*)\|$`, 'm').exec(page) ?? []
  if (rest === undefined) throw new Error(`docs/measurements.md has no row "| ${name} |" any more`)
  return rest.split('|').map((cell) => cell.trim())
}

function numberIn(cells: readonly string[], at: number): number {
  const value = Number(cells[at])
  if (value > 0) return value
  throw new Error(`docs/measurements.md: "${cells[at]}" is no number, in the row ${cells.join(' | ')}`)
}

export interface OneMachine {
  readonly sockets: number
  readonly memoryGiB: number
  readonly heapGiB: number
  readonly eventsPerSecond: number
  /** Of what was measured. */
  readonly share: number
  readonly dataGB: number
}

const KIB_OF_GIB = 1024 ** 2
const DAY_SECONDS = 24 * 60 * 60

export function oneMachineAt(users: number, assumed: Assumptions, measured: Measured): OneMachine {
  const { openConnections, work } = loadAt(users, assumed)
  return {
    sockets: openConnections,
    memoryGiB: (openConnections * measured.pushedSocketKiB) / KIB_OF_GIB,
    heapGiB: (openConnections * measured.socketHeapKiB) / KIB_OF_GIB,
    eventsPerSecond: work.events,
    share: work.events / measured.eventsPerSecond,
    dataGB: dataGB(work.events / assumed.peakToMean, assumed),
  }
}

/** Of entries and receipts, by the bytes that DynamoDB would store: LMDB's pages are not counted. */
function dataGB(eventsPerSecond: number, { recipients }: Assumptions): number {
  const { storedBytes, retentionDays, receiptBytes, receiptDays } = STANDING
  const daily = eventsPerSecond * DAY_SECONDS
  return (daily * (recipients * storedBytes * retentionDays + receiptBytes * receiptDays)) / 1e9
}

/** The users at whom the measured rate of events is reached. */
export function usersForRate(assumed: Assumptions, { eventsPerSecond }: Measured): number {
  return eventsPerSecond / loadAt(1, assumed).work.events
}
