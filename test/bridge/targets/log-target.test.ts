import { describe, expect, it } from 'vitest'
import { logTarget } from '../../../src/bridge/targets/log-target.ts'
import { FanoutError } from '../../../src/core/errors.ts'
import { parseEvent } from '../../../src/core/event.ts'
import { Publisher } from '../../../src/core/publish.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { changed, createWorld } from '../../support/fakes.ts'

const signal = new AbortController().signal

describe('the log of the process', () => {
  it('takes events as they are, and knows those that it has', async () => {
    const { publisher, log } = createWorld()
    const target = logTarget(publisher)
    const text = '{"type":"T",  "id":"e-1","userId":"ann","n":12345678901234567890}'
    expect(await target.publish([parseEvent(text), sampleEvent('e-2', ['ann'])], signal)).toEqual([
      { status: 'published' },
      { status: 'published' },
    ])
    expect(await target.publish([parseEvent(text)], signal)).toEqual([{ status: 'duplicate' }])
    const { entries } = await log.after('ann', 0, { events: 10, bytes: 10_000 })
    expect(entries[0]!.text).toBe(text)
  })

  it('refuses another event of the same id, and goes on', async () => {
    const { publisher } = createWorld()
    const target = logTarget(publisher)
    const events = [
      sampleEvent('e-1', ['ann'], 'a'),
      sampleEvent('e-1', ['ann'], 'b'),
      sampleEvent('e-2', ['ann']),
    ]
    expect(await target.publish(events, signal)).toEqual([
      { status: 'published' },
      {
        status: 'refused',
        reason: {
          code: 'id_conflict',
          message: expect.any(String) as string,
          path: '/id',
          error: expect.any(FanoutError) as FanoutError,
        },
      },
      { status: 'published' },
    ])
  })

  it('fails where the log does, and takes it for no fault of the event', async () => {
    const world = createWorld()
    const log = changed(world.log, { append: async () => Promise.reject(new Error('disk full')) })
    const target = logTarget(new Publisher({ ...world, log }))
    const outcomes = await target.publish([sampleEvent('e-1', ['ann']), sampleEvent('e-2', ['bob'])], signal)
    expect(outcomes).toMatchObject([
      { status: 'failed', error: { message: 'disk full' } },
      { status: 'failed', error: { message: 'disk full' } },
    ])
  })

  it('fails for what is unavailable, for that says nothing of the event', async () => {
    const error = new FanoutError('unavailable', 'too much at once')
    const target = logTarget({
      refused: async () => undefined,
      publishAll: async () => [error, new FanoutError('id_conflict', 'other')],
    })
    expect(await target.publish([sampleEvent('a', ['x']), sampleEvent('b', ['y'])], signal)).toEqual([
      { status: 'failed', error },
      {
        status: 'refused',
        reason: { code: 'id_conflict', message: 'other', error: expect.any(FanoutError) as FanoutError },
      },
    ])
  })

  it('never rejects', async () => {
    const target = logTarget({
      refused: async () => undefined,
      publishAll: async () => Promise.reject(new Error('a bug')),
    })
    expect(await target.publish([sampleEvent('a', ['x'])], signal)).toMatchObject([
      { status: 'failed', error: { message: 'a bug' } },
    ])
    expect(await target.publish([], signal)).toEqual([])
  })

  it('writes down what was refused before it came here', async () => {
    const world = createWorld()
    const error = new FanoutError('no_recipients', 'nobody')
    error.eventId = 'e-1'
    await logTarget(world.publisher).refused?.(error)
    expect(await world.refusals.find('e-1')).toMatchObject({ code: 'no_recipients', message: 'nobody' })
    expect(world.metrics.counts).toEqual({ 'published:refused': 1 })
  })

  it('has a name for people', () => {
    expect(logTarget(createWorld().publisher).name).toBe('the log of this process')
  })
})
