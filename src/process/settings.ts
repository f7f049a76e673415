/** What processes of ours are told by their environment, checked before anything starts. */

/** A setting that cannot be used; the message names it, its value and what would do. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that is set to nothing counts as unset: compose files and CI systems set them so. */
export function variableOf(environment: Environment, name: string): string | undefined {
  const value = environment[name]
  return value === '' ? undefined : value
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** @throws SettingError */
export function logLevelOf(environment: Environment): LogLevel {
  return oneOf('LOG_LEVEL', variableOf(environment, 'LOG_LEVEL') ?? 'info', LOG_LEVELS)
}

/** @throws SettingError */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new SettingError(`${name} is "${text}"; it must be a whole number from ${min} to ${max}`)
}

/** @throws SettingError */
export function oneOf<T extends string>(name: string, text: string, values: readonly T[]): T {
  const value = values.find((candidate) => candidate === text)
  if (value !== undefined) return value
  throw new SettingError(`${name} is "${text}"; it must be one of ${values.join(', ')}`)
}
