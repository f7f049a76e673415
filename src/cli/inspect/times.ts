/** A time of the server, for people. @param at milliseconds since 1970 */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC')
}

const UNITS = [
  { text: 'd', ms: 86_400_000 },
  { text: 'h', ms: 3_600_000 },
  { text: 'min', ms: 60_000 },
  { text: 's', ms: 1000 },
] as const

/** How long, in two digits or so: `12 ms`, `1.4 s`, `3.2 h`. @param ms milliseconds */
export function durationText(ms: number): string {
  const unit = UNITS.find((one) => Math.abs(ms) >= one.ms)
  return unit === undefined ? `${Math.round(ms)} ms` : `${(ms / unit.ms).toFixed(1)} ${unit.text}`
}

/** How long after a beginning, both by the same clock: no other clock matters. */
export function sinceText(at: number, beginning: number): string {
  const ms = at - beginning
  return `${ms < 0 ? '−' : '+'}${durationText(Math.abs(ms))}`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
