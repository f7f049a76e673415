import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/event.ts'
import { FanoutError } from '../../src/core/errors.ts'
import type { EventLog, Retry } from '../../src/core/ports.ts'
import { Publisher } from '../../src/core/publish.ts'
import { changed, connectionOf, createWorld, type World } from '../support/fakes.ts'
import { message, RecordingDeadLetters } from './queue.ts'

let world: World
/** What each call was given. */
let scheduled: (readonly Retry[])[]
let deadLetters: RecordingDeadLetters
/** The ids of the events of each call of the log, in the order in which it got them. */
let appended: string[][]
/** Events that the log fails on. */
let failing: Set<string>
let handler: ReturnType<typeof createHandler>

beforeEach(() => {
  world = createWorld()
  scheduled = []
  deadLetters = new RecordingDeadLetters()
  appended = []
  failing = new Set()
  const log = changed(world.log, {
    append: async (events) => {
      appended.push(events.map(({ id }) => id))
      const answers = await world.log.append(events.filter(({ id }) => !failing.has(id)))
      const good = answers.values()
      return events.map(({ id }) =>
        failing.has(id)
          ? { status: 'failed' as const, error: new Error(`no place for ${id}`) }
          : (good.next().value ?? { status: 'failed' as const, error: new Error('lost') }),
      )
    },
  })
  handler = handlerOn(log)
})

const handlerOn = (log: EventLog) =>
  createHandler({
    publisher: new Publisher({ ...world, log }),
    deadLetters,
    redelivery: {
      schedule: async (retries) => {
        scheduled.push(retries)
      },
    },
    clock: world.clock,
    logger: world.logger,
    metrics: world.metrics,
  })

const event = (id: string, user = 'ann', type = 'T') => JSON.stringify({ type, id, trainerId: user })

async function deliver(...messages: readonly (readonly [body: string, group?: string])[]) {
  return handler({ Records: messages.map(([body, group], i) => message(body, i, group)) })
}

const failures = (...ids: readonly string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
})
const loggedOf = (user: string) =>
  world.log.entriesOf(user).map(({ text }) => (JSON.parse(text) as { id: string }).id)

describe('a batch from the queue', () => {
  it('is published in one go, in its order, and pushed', async () => {
    await world.connections.register(connectionOf(world.clock, 'a1', 'ann'))
    const ids = ['e-3', 'e-1', 'e-2']
    expect(await deliver(...ids.map((id) => [event(id)] as const))).toEqual(failures())
    expect(appended).toEqual([ids])
    expect(loggedOf('ann')).toEqual(ids)
    const pushed = world.pusher.framesTo('a1').map((frame) => (JSON.parse(frame) as { event: object }).event)
    expect(pushed).toEqual(ids.map((id) => JSON.parse(event(id)) as object))
    expect(world.logger.lines).toEqual([])
  })

  it('may come again', async () => {
    for (const _ of [1, 2]) expect(await deliver([event('e-1')], [event('e-2')])).toEqual(failures())
    expect(loggedOf('ann')).toEqual(['e-1', 'e-2'])
  })

  it('comes again from the first that failed on, group by group', async () => {
    failing = new Set(['a-2', 'c-1'])
    const answer = await deliver(
      [event('a-1')],
      [event('b-1', 'bob'), 'bob'],
      [event('a-2')],
      [event('b-2', 'bob'), 'bob'],
      [event('a-3', 'someone else')],
      [event('c-1', 'cid'), 'cid'],
    )
    // a-3 was published, but nothing of a group may be deleted that comes after a failure.
    expect(world.logger.lines.map(({ message, fields }) => ({ message, ...fields }))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ message: 'message failed', messageId: 'm-2', behind: ['m-4'] }),
        expect.objectContaining({ message: 'message failed', messageId: 'm-5', behind: [] }),
      ]),
    )
    expect(answer).toEqual(failures('m-2', 'm-4', 'm-5'))
    expect(loggedOf('ann')).toEqual(['a-1'])
    expect(loggedOf('bob')).toEqual(['b-1', 'b-2'])
    failing.clear()
    expect(await deliver([event('a-2')], [event('a-3', 'someone else')])).toEqual(failures())
    expect(loggedOf('ann')).toEqual(['a-1', 'a-2'])
    expect(loggedOf('someone else')).toEqual(['a-3'])
  })

  it('fails as a whole where the log does', async () => {
    const log = changed(world.log, { append: async () => Promise.reject(new Error('disk 7 on fire')) })
    handler = handlerOn(log)
    expect(await deliver([event('e-1')], [event('e-2', 'bob'), 'bob'])).toEqual(failures('m-0', 'm-1'))
    expect(world.logger.text()).toContain('disk 7 on fire')
    expect(deadLetters.letters).toEqual([])
  })

  it('of a queue without groups has as many as messages', async () => {
    failing = new Set(['e-1'])
    const answer = await deliver([event('e-1', 'ann'), ''], [event('e-2', 'bob'), ''])
    expect(answer).toEqual(failures('m-0'))
  })
})

describe('what failed comes again', () => {
  it('in two seconds, together with all that waits behind it in its group; the rest is left alone', async () => {
    failing = new Set(['a-2', 'c-1'])
    await deliver(
      [event('a-1')],
      [event('b-1', 'bob'), 'bob'],
      [event('a-2')],
      [event('a-3')],
      [event('c-1', 'cid'), 'cid'],
    )
    expect(scheduled).toEqual([['r-2', 'r-3', 'r-4'].map((receiptHandle) => ({ receiptHandle, seconds: 2 }))])
  })

  it.each([
    [2, 8],
    [3, 32],
    [4, 128],
    [5, 300],
    [10, 300],
    [NaN, 2],
  ])('after it was received %d times, in %d seconds', async (receives, seconds) => {
    failing = new Set(['e-1'])
    await handler({
      Records: [message(event('e-1'), 0, 'ann', receives), message(event('e-2'), 1, 'ann', 1)],
    })
    expect(scheduled.flat().map((one) => one.seconds)).toEqual([seconds, seconds])
  })

  it('only if there is any', async () => {
    await deliver([event('e-1')], ['{'])
    expect(scheduled.flat()).toEqual([])
  })
})

describe('a message that can never be published', () => {
  it.each([
    ['{', 'malformed_json', undefined],
    ['', 'malformed_json', undefined],
    ['5', 'invalid_event', ''],
    ['{"type":"T","id":"x"}', 'no_recipients', undefined],
    ['{"type":"T","id":7,"trainerId":"a"}', 'invalid_event', '/id'],
    [`{"type":"T","id":"x","trainerId":"a","s":"${'x'.repeat(122_880)}"}`, 'event_too_large', undefined],
  ])('goes to the dead letters as it came, with its reason: %.40s', async (body, code, path) => {
    expect(await deliver([event('e-1')], [body], [event('e-2')])).toEqual(failures())
    expect(deadLetters.letters).toEqual([
      {
        text: body,
        group: 'ann',
        messageId: 'm-1',
        reason: { code, message: expect.any(String) as string, ...(path !== undefined && { path }) },
      },
    ])
    expect(loggedOf('ann')).toEqual(['e-1', 'e-2'])
    expect(world.logger.lines).toMatchObject([
      { level: 'error', fields: { code, group: 'ann' }, message: 'message can never be published' },
    ])
  })

  it('is one with the id of another event, too', async () => {
    expect(await deliver([event('e-1')], [event('e-1', 'ann', 'U')])).toEqual(failures())
    expect(deadLetters.letters).toMatchObject([
      { text: event('e-1', 'ann', 'U'), reason: { code: 'id_conflict', path: '/id' } },
    ])
    expect(loggedOf('ann')).toEqual(['e-1'])
  })

  it('is one that is tried again too late, too', async () => {
    const error = new FanoutError('retry_too_late', 'the retry comes too late')
    const log = changed(world.log, {
      append: async (events) => events.map(() => ({ status: 'refused' as const, error })),
    })
    handler = handlerOn(log)
    expect(await deliver([event('e-1')])).toEqual(failures())
    expect(deadLetters.letters).toMatchObject([{ reason: { code: 'retry_too_late' } }])
  })

  it('is not one that merely found the service unavailable', async () => {
    const log = changed(world.log, {
      append: async () => Promise.reject(new FanoutError('unavailable', 'not now')),
    })
    handler = handlerOn(log)
    expect(await deliver([event('e-1')])).toEqual(failures('m-0'))
    expect(deadLetters.letters).toEqual([])
  })

  it('waits behind one of its group that failed: it comes again with it', async () => {
    failing = new Set(['e-1'])
    expect(await deliver([event('e-1')], ['{'], ['{', 'bob'])).toEqual(failures('m-0', 'm-1'))
    expect(deadLetters.letters.map(({ group }) => group)).toEqual(['bob'])
  })

  it('has failed if the dead letters do not take it, and so has what comes after it in its group', async () => {
    deadLetters.refused.add('{')
    const answer = await deliver([event('e-1')], ['{'], [event('e-2')], [event('e-3', 'bob'), 'bob'])
    expect(answer).toEqual(failures('m-1', 'm-2'))
    expect(world.logger.text()).toContain('the dead-letter queue is down')
  })
})

describe('an event from an EventBridge rule', () => {
  it('is published', async () => {
    const detail = { type: 'T', id: 'e-1', trainerId: 'ann' }
    expect(await handler(detail)).toBeUndefined()
    expect(loggedOf('ann')).toEqual(['e-1'])
  })

  it('may have fields called Records', async () => {
    const fields = { type: 'T', trainerId: 'ann' }
    await handler({ ...fields, id: 'e-1', Records: [message(event('no'), 1)] })
    await handler({ ...fields, id: 'e-2', Records: [] })
    expect(loggedOf('ann')).toEqual(['e-1', 'e-2'])
  })

  it.each([
    [{ Records: [] }, 'invalid_event'],
    [{ Records: [{ eventSource: 'aws:s3', messageId: 'm', body: '{}' }] }, 'invalid_event'],
    [{ Records: [null] }, 'invalid_event'],
    [{ type: 'T', id: 'e-1' }, 'no_recipients'],
    [null, 'invalid_event'],
    [undefined, 'invalid_event'],
    ['text', 'invalid_event'],
  ])('goes to the dead letters if it is none: %j', async (detail, code) => {
    expect(await handler(detail)).toBeUndefined()
    expect(deadLetters.letters).toEqual([
      {
        text: JSON.stringify(detail ?? null),
        reason: expect.objectContaining({ code }) as object,
        group: 'direct',
      },
    ])
    expect(appended).toEqual([])
  })

  it('throws where it failed, so that Lambda tries again', async () => {
    failing = new Set(['e-1'])
    await expect(handler({ type: 'T', id: 'e-1', trainerId: 'ann' })).rejects.toThrow('no place for e-1')
    expect(deadLetters.letters).toEqual([])
  })

  it('throws where even the dead letters do not take it', async () => {
    deadLetters.refused.add('5')
    await expect(handler(5)).rejects.toThrow('the dead-letter queue is down')
  })
})
