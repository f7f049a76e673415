import { expect, it } from 'vitest'
import { Arrivals } from '../../bench/peers/arrivals.ts'
import { eventText, numberIn, numbersIn } from '../../bench/peers/events.ts'

it('makes events of the length wanted, which are known again', () => {
  const text = eventText(123, 'user-1', 'user-22', 1024)
  expect(text).toHaveLength(1024)
  expect(JSON.parse(text)).toMatchObject({ trainerId: 'user-1', studentId: 'user-22' })
  expect(numberIn(Buffer.from(`42["event",${text},"offset"]`))).toBe(123)
  expect(numberIn(Buffer.from('{"type":"pong"}'))).toBe(-1)
})

it('knows all events of a page', () => {
  const page = [3, 999_999_999, 0].map((number) => eventText(number, 'a', 'b', 500)).join(',')
  expect(numbersIn(Buffer.from(page))).toEqual([3, 999_999_999, 0])
})

it('counts what came late, twice, to others, and not at all', async () => {
  const arrivals = new Arrivals()
  const before = arrivals.expect(1, 2, 0)
  arrivals.begin()
  const whole = arrivals.expect(1, 2, 100)
  const half = arrivals.expect(3, 4, 100)
  arrivals.arrived(before, 1, 500)
  arrivals.arrived(whole, 1, 101)
  arrivals.arrived(whole, 2, 103)
  arrivals.arrived(whole, 2, 104)
  arrivals.arrived(half, 4, 110)
  arrivals.arrived(half, 5, 110)
  arrivals.arrived(-1, 5, 110)
  expect(arrivals.latencies).toEqual([1, 3, 10])
  expect(arrivals).toMatchObject({ events: 2, whole: 1, missing: 1, strays: 3 })
  const reached = arrivals.reached(half)
  arrivals.arrived(half, 3, 120)
  await reached
  expect(arrivals.missing).toBe(0)
  arrivals.end()
})
