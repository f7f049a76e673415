import { CliError } from './errors.ts'

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** `90s`, `15m`, `1h`, `7d`, or plain seconds; negative ones make an expired token. In seconds. */
export function parseDuration(text: string): number {
  const match = /^(-?\d{1,9})([smhd]?)$/.exec(text)
  if (match === null) throw new CliError(`"${text}" is not a duration; write 90s, 15m, 1h or 7d`)
  const unit = (match[2] === '' ? 's' : match[2]) as keyof typeof SECONDS
  return Number(match[1]) * SECONDS[unit]
}
