import { parseArgs } from 'node:util'

export interface SoakOptions {
  /** How long events come and faults are made; what is before and after takes some seconds more. */
  readonly minutes: number
  readonly seed: number
  /** Events per second, over HTTP and through Redis together. */
  readonly rate: number
  readonly users: number
  /** Sockets of one storm. */
  readonly storm: number
}

export const DEFAULTS: Omit<SoakOptions, 'seed'> = { minutes: 60, rate: 120, users: 80, storm: 2000 }

/** Less is too short for anything to settle. */
const LONG_MINUTES = 5

/** Whether memory can be judged by what a process is like after its warm-up. */
export function isLong({ minutes }: SoakOptions): boolean {
  return minutes >= LONG_MINUTES
}

interface Range {
  readonly min: number
  readonly max: number
}

const RANGES: Readonly<Record<keyof SoakOptions, Range>> = {
  minutes: { min: 1, max: 24 * 60 },
  seed: { min: 0, max: 2 ** 32 - 1 },
  rate: { min: 5, max: 1000 },
  users: { min: 10, max: 1000 },
  storm: { min: 1, max: 10_000 },
}

/** An option that cannot be used; the message names it, its value and what would do. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/** @throws OptionError */
export function readOptions(args: readonly string[], seed = Date.now() % 1_000_000): SoakOptions {
  const given = parsed(args)
  const number = (name: keyof SoakOptions, otherwise: number): number =>
    wholeNumber(name, given[name] ?? String(otherwise))
  return {
    minutes: number('minutes', DEFAULTS.minutes),
    seed: number('seed', seed),
    rate: number('rate', DEFAULTS.rate),
    users: number('users', DEFAULTS.users),
    storm: number('storm', DEFAULTS.storm),
  }
}

function parsed(args: readonly string[]): Partial<Record<keyof SoakOptions, string>> {
  const text = { type: 'string' } as const
  const options = { minutes: text, seed: text, rate: text, users: text, storm: text }
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`)
    throw new OptionError(`${(error as Error).message}; there are ${known.join(', ')}`)
  }
}

function wholeNumber(name: keyof SoakOptions, text: string): number {
  const { min, max } = RANGES[name]
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new OptionError(`--${name} is "${text}"; it must be a whole number from ${min} to ${max}`)
}
