import { parseArgs } from 'node:util'
import { ASSUMED, type Assumptions } from './assumptions.ts'

export const SIZES = [1000, 10_000, 100_000, 1_000_000, 10_000_000] as const

export interface Options {
  readonly sizes: readonly number[]
  readonly assumed: Assumptions
  /** What one machine costs in a month, for whoever wants it beside the bill. */
  readonly machineDollars: number | undefined
  /** With the marks between which each table stands in docs/scale.md. */
  readonly markdown: boolean
  /** Puts the tables into docs/scale.md. */
  readonly write: boolean
}

interface Bounds {
  readonly key: keyof Assumptions
  readonly min: number
  readonly max: number
}

/** The assumptions that can be told. */
const TOLD: Readonly<Record<string, Bounds>> = {
  connected: { key: 'connectedAtPeak', min: 0.0001, max: 1 },
  devices: { key: 'devices', min: 1, max: 20 },
  'session-minutes': { key: 'sessionMinutes', min: 1, max: 120 },
  'events-per-day': { key: 'eventsPerUserAndDay', min: 0.001, max: 10_000 },
  peak: { key: 'peakToMean', min: 1, max: 1000 },
  recipients: { key: 'recipients', min: 1, max: 100 },
  'recipients-connected': { key: 'recipientsConnected', min: 0, max: 1 },
  batch: { key: 'eventsPerBatch', min: 1, max: 10 },
  // API Gateway closes a connection that is idle for 600.
  'ping-seconds': { key: 'pingSeconds', min: 10, max: 590 },
  'polls-per-day': { key: 'pollsPerUserAndDay', min: 0, max: 10_000 },
}

const WHOLE: ReadonlySet<string> = new Set(['recipients'])

/** An option that cannot be used; the message names it, its value and what would do. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/** @throws OptionError */
export function readOptions(args: readonly string[]): Options {
  const { users, write, markdown, 'machine-dollars': machine, ...told } = parsed(args)
  const assumed = Object.entries(TOLD).flatMap(([name, bounds]) => {
    const text = told[name]
    return typeof text === 'string' ? [[bounds.key, numberFrom(name, text, bounds)] as const] : []
  })
  if (write === true && (assumed.length > 0 || users !== undefined || machine !== undefined)) {
    throw new OptionError(
      '--write puts the tables of the defaults into docs/scale.md; leave out the other options',
    )
  }
  return {
    sizes: typeof users === 'string' ? sizesFrom(users) : SIZES,
    assumed: { ...ASSUMED, ...Object.fromEntries(assumed) },
    machineDollars:
      typeof machine === 'string'
        ? numberFrom('machine-dollars', machine, { min: 0.01, max: 1e6 })
        : undefined,
    markdown: markdown === true,
    write: write === true,
  }
}

function parsed(args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const texts = ['users', 'machine-dollars', ...Object.keys(TOLD)].map(
    (name) => [name, { type: 'string' }] as const,
  )
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...Object.fromEntries(texts), markdown: { type: 'boolean' }, write: { type: 'boolean' } },
    })
    return values
  } catch (error) {
    const known = [...texts.map(([name]) => `--${name}`), '--markdown', '--write'].join(', ')
    throw new OptionError(`${(error as Error).message.replace(/\.( .*)?$/s, '')}; the options are ${known}`)
  }
}

function sizesFrom(text: string): readonly number[] {
  return text.split(',').map((part) => {
    const users = numberFrom('users', part.trim(), { min: 1, max: 1e9 })
    if (Number.isInteger(users)) return users
    throw new OptionError(
      `--users has "${part}"; it must be whole numbers from 1 to 1000000000, with commas between`,
    )
  })
}

function numberFrom(
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  const isWhole = !WHOLE.has(name) || Number.isInteger(value)
  if (value >= min && value <= max && isWhole) return value
  const kind = WHOLE.has(name) ? 'whole number' : 'number'
  throw new OptionError(`--${name} is "${text}"; it must be a ${kind} from ${min} to ${max}`)
}
