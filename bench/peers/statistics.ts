import { quantile, rounded } from '../measure.ts'

export interface Spread {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** NaN of nothing. */
export function spreadOf(values: readonly number[]): Spread {
  return {
    p50: quantile(values, 0.5),
    p95: quantile(values, 0.95),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  }
}

/** Three digits that mean something. */
export function shown(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '—'
  return String(rounded(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2))
}

export function ratio(value: number | undefined, to: number | undefined): string {
  if (value === undefined || to === undefined || !(to > 0) || Number.isNaN(value)) return '—'
  return `${shown(value / to)}×`
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`

/** Of objects of the same shape: each number's median, all else as in the first. What one of them lacks, none has. */
export function medianOf<T>(runs: readonly T[]): T {
  const [first] = runs
  if (typeof first === 'number') return quantile(runs as readonly number[], 0.5) as T
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return first as T
  if (runs.some((run) => typeof run !== 'object')) return runs.find((run) => typeof run !== 'object') as T
  const names = Object.keys(first) as (keyof T)[]
  return Object.fromEntries(names.map((name) => [name, medianOf(runs.map((run) => run[name]))])) as T
}

/** In another order each time, so that nobody always comes after the same one. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const first = by % Math.max(1, list.length)
  return [...list.slice(first), ...list.slice(0, first)]
}
