import { describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/health.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { bodyOf, httpEvent } from './events.ts'

const well = async () => undefined
const unwell = async () => Promise.reject(new Error('disk 7 on fire'))

describe('GET /health', () => {
  it('is 200 while every part works, without a token', async () => {
    const logger = new RecordingLogger()
    const answer = await createHandler({ checks: { log: well, sockets: well }, logger })(httpEvent())
    expect(answer).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: '{"status":"ok","parts":{"log":{"status":"ok"},"sockets":{"status":"ok"}}}',
    })
    expect(logger.lines).toEqual([])
  })

  it('is 503 with a part unwell, and says which', async () => {
    const logger = new RecordingLogger()
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- drivers do that
    const odd = async () => Promise.reject('odd')
    const checks = { log: unwell, sockets: well, queue: odd }
    const answer = await createHandler({ checks, logger })(httpEvent())
    expect(answer.statusCode).toBe(503)
    expect(bodyOf(answer)).toEqual({
      status: 'failing',
      parts: {
        log: { status: 'failing', detail: 'disk 7 on fire' },
        sockets: { status: 'ok' },
        queue: { status: 'failing', detail: 'odd' },
      },
    })
    expect(logger.lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { part: 'log', detail: 'disk 7 on fire' }],
      ['warn', { part: 'queue', detail: 'odd' }],
    ])
  })

  it('tells what a part counts, beside how it is', async () => {
    const logger = new RecordingLogger()
    const checks = { queue: async () => ({ waiting: 7, dead: 0 }), log: unwell }
    expect(bodyOf(await createHandler({ checks, logger })(httpEvent()))).toEqual({
      status: 'failing',
      parts: {
        queue: { status: 'ok', waiting: 7, dead: 0 },
        log: { status: 'failing', detail: 'disk 7 on fire' },
      },
    })
  })

  it('is well with nothing to check', async () => {
    const answer = await createHandler({ checks: {}, logger: new RecordingLogger() })(httpEvent())
    expect([answer.statusCode, answer.body]).toEqual([200, '{"status":"ok","parts":{}}'])
  })
})
