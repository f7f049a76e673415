import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/publish.ts'
import type { AcceptedEvent } from '../../src/core/event.ts'
import type { EventQueue } from '../../src/core/ports.ts'
import { createWorld, type World } from '../support/fakes.ts'
import { bodyOf, httpEvent, JSON_HEADERS, problem, PROBLEM_HEADERS, ScriptedVerifier } from './events.ts'

const EVENT = '{"type":"T","id":"e-1","trainerId":"ann","studentId":"bob"}'
const TWO = EVENT.replace('e-1', 'e-2')

const verifier = new ScriptedVerifier({
  good: { scopes: ['events:publish'] },
  reader: { scopes: [] },
})

class ScriptedQueue implements EventQueue {
  readonly sent: AcceptedEvent[] = []
  readonly failing = new Set<string>()

  async send(events: readonly AcceptedEvent[]): Promise<readonly (Error | undefined)[]> {
    this.sent.push(...events)
    return events.map(({ id }) => (this.failing.has(id) ? new Error('queue 7 on fire') : undefined))
  }
}

describe('POST /api/v1/events with Prefer: respond-async', () => {
  let world: World
  let queue: ScriptedQueue
  let handler: ReturnType<typeof createHandler>

  beforeEach(() => {
    world = createWorld()
    queue = new ScriptedQueue()
    handler = createHandler({ publisher: world.publisher, verifier, logger: world.logger, queue })
  })

  const prefer = async (body: string, token = 'good') =>
    handler(httpEvent({ token, body, prefer: 'wait=5, Respond-Async' }))
  const accepted = (body: object) => ({
    statusCode: 202,
    headers: { ...JSON_HEADERS, 'preference-applied': 'respond-async' },
    body: JSON.stringify(body),
  })

  it('answers 202 once the queue has the event, and publishes nothing itself', async () => {
    expect(await prefer(EVENT)).toEqual(accepted({ id: 'e-1', queued: true }))
    expect(queue.sent.map(({ text }) => text)).toEqual([EVENT])
    expect(world.log.entriesOf('ann')).toEqual([])
  })

  it('tells the id that it derived', async () => {
    const answer = await prefer('{"type":"T","timestamp":1,"trainerId":"ann"}')
    expect(bodyOf(answer)).toEqual({ id: expect.stringMatching(/^[0-9a-f]{64}$/) as string, queued: true })
  })

  it('answers an array with an array, each for itself, and queues in its order', async () => {
    queue.failing.add('e-2')
    const answer = await prefer(`[${EVENT},5,${TWO},${EVENT.replace('e-1', 'e-3')}]`)
    expect([answer.statusCode, answer.headers?.['preference-applied']]).toEqual([202, 'respond-async'])
    expect(bodyOf(answer)).toEqual([
      { id: 'e-1', queued: true },
      { error: problem('invalid_event', 422, { path: '' }) },
      { error: problem('unavailable', 503, {}) },
      { id: 'e-3', queued: true },
    ])
    expect(queue.sent.map(({ id }) => id)).toEqual(['e-1', 'e-2', 'e-3'])
    expect(answer.body).not.toContain('queue 7')
    expect(world.logger.text()).toContain('queue 7 on fire')
  })

  it('does not say that it applied where nothing of an array was queued', async () => {
    queue.failing.add('e-2')
    const answer = await prefer(`[5,${TWO}]`)
    expect([answer.statusCode, answer.headers]).toEqual([200, JSON_HEADERS])
    expect(bodyOf(answer)).toEqual([
      { error: problem('invalid_event', 422, { path: '' }) },
      { error: problem('unavailable', 503, {}) },
    ])
  })

  it('answers 503 where the queue does not take the event, and the reason goes to the log alone', async () => {
    queue.failing.add('e-1')
    const answer = await prefer(EVENT)
    expect([answer.statusCode, answer.headers]).toEqual([503, { ...PROBLEM_HEADERS, 'retry-after': '1' }])
    expect(bodyOf(answer)).toEqual(problem('unavailable', 503, {}))
    expect(answer.body).not.toContain('queue 7')
    expect(world.logger.text()).toContain('queue 7 on fire')
  })

  it('answers 503 where the queue fails as a whole', async () => {
    queue.send = async () => Promise.reject(new Error('queue 8 on fire'))
    expect((await prefer(EVENT)).statusCode).toBe(503)
    expect((await prefer(`[${EVENT}]`)).statusCode).toBe(503)
  })

  it.each([
    ['{', 400],
    ['[]', 422],
    ['{"type":"T","id":"x"}', 422],
    [JSON.stringify({ s: 'x'.repeat(122_880) }), 413],
  ])('refuses at once what can never be published: %.20s', async (body, status) => {
    expect((await prefer(body)).statusCode).toBe(status)
    expect(queue.sent).toEqual([])
  })

  it('writes down what it refused at once, and counts it', async () => {
    await prefer('{"type":"T","id":"x"}')
    await prefer(`[${EVENT},{"type":"T","id":"y"},5]`)
    expect(await world.refusals.find('x')).toMatchObject({ code: 'no_recipients' })
    expect(await world.refusals.find('y')).toMatchObject({ code: 'no_recipients' })
    expect(world.metrics.counts).toEqual({ 'published:refused': 3 })
  })

  it('needs the same token', async () => {
    expect((await prefer(EVENT, 'reader')).statusCode).toBe(403)
    expect((await prefer(EVENT, 'bad')).statusCode).toBe(401)
    expect(queue.sent).toEqual([])
  })

  it('is ignored where there is no queue', async () => {
    handler = createHandler({ publisher: world.publisher, verifier, logger: world.logger })
    const answer = await prefer(EVENT)
    expect([answer.statusCode, answer.headers]).toEqual([200, JSON_HEADERS])
    expect(bodyOf(answer)).toMatchObject({ id: 'e-1', duplicate: false })
  })

  it('is the only way into the queue', async () => {
    expect((await handler(httpEvent({ token: 'good', body: EVENT }))).statusCode).toBe(200)
    expect(queue.sent).toEqual([])
  })
})
