import { expect, it } from 'vitest'
import { medianOf, ratio, shown, spreadOf } from '../../bench/peers/statistics.ts'

it('takes quantiles', () => {
  const values = Array.from({ length: 1000 }, (_, i) => 1000 - i)
  expect(spreadOf(values)).toEqual({ p50: 501, p95: 951, p99: 991, max: 1000 })
  expect(spreadOf([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 })
  expect(spreadOf([]).p99).toBeNaN()
})

it('shows three digits that mean something', () => {
  expect([0.1234, 12.345, 1234.5, NaN, undefined].map(shown)).toEqual(['0.12', '12.3', '1235', '—', '—'])
})

it('divides only by what is there', () => {
  expect(ratio(300, 200)).toBe('1.5×')
  expect([ratio(1, 0), ratio(1, undefined), ratio(undefined, 1), ratio(NaN, 1)]).toEqual(['—', '—', '—', '—'])
})

it('takes the median of each number', () => {
  const run = (a: number, b: number) => ({ name: 'x', a, deep: { b } })
  expect(medianOf([run(1, 30), run(3, 10), run(2, 20)])).toEqual({ name: 'x', a: 2, deep: { b: 20 } })
})

it('has no median of what failed once', () => {
  const runs: { catchUp: { p50: number } | string }[] = [{ catchUp: { p50: 1 } }, { catchUp: 'lost' }]
  expect(medianOf(runs)).toEqual({ catchUp: 'lost' })
})
