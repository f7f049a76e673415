import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { onShutdown } from '../../src/process/shutdown.ts'

class FakeProcess extends EventEmitter {
  readonly pid = 7
  readonly killed: unknown[] = []

  kill(...given: unknown[]): void {
    this.killed.push(given)
  }
}

describe('a signal', () => {
  let target: FakeProcess
  let time: number
  let stops: number

  beforeEach(() => {
    target = new FakeProcess()
    time = 5
    stops = 0
    onShutdown(() => stops++, { target, now: () => time })
  })

  it.each(['SIGTERM', 'SIGINT'])('%s stops, once', (signal) => {
    expect(stops).toBe(0)
    target.emit(signal, signal)
    expect(stops).toBe(1)
    expect(target.killed).toEqual([])
  })

  it('SIGINT that comes twice at once, as it does under npm, is one', () => {
    target.emit('SIGINT', 'SIGINT')
    time += 999
    target.emit('SIGINT', 'SIGINT')
    expect([stops, target.killed]).toEqual([1, []])
  })

  it.each([
    ['SIGINT', 'SIGINT', 1000],
    ['SIGTERM', 'SIGTERM', 0],
    ['SIGINT', 'SIGTERM', 0],
  ])('%s, and then %s after %d ms, ends the process by its own handling', (first, second, later) => {
    target.emit(first, first)
    time += later
    target.emit(second, second)
    expect([stops, target.killed]).toEqual([1, [[7, second]]])
    expect(target.listenerCount('SIGINT') + target.listenerCount('SIGTERM')).toBe(0)
  })
})
