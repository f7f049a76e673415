/** What the caller is told when Redis does not answer. */
import { describe, expect, it } from 'vitest'
import { emit } from '../../../src/publisher/redis/index.ts'
import { failureOf } from '../set-up.ts'
import { connectionTo, entriesOf, hintWith, scriptedConnection, setUp } from './set-up.ts'

const event = { type: 'T', id: 'e-1' }
const HINT = hintWith('with the id "e-1"')

describe('Redis does not answer', () => {
  it('as it is not there', async () => {
    const { server } = await setUp()
    const app = connectionTo(server, { maxRetriesPerRequest: 1 })
    await app.ping()
    await server.stop()
    const error = await failureOf(emit(app, event))
    expect(error).toMatchObject({
      code: 'unreachable',
      refused: false,
      mayHaveBeenPublished: true,
      attempts: 1,
      id: 'e-1',
    })
    expect(error.message).toMatch(/^no answer from Redis \(.*max retries per request.*\); is it running, and/)
    expect(error.message.endsWith(HINT)).toBe(true)
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('before it was killed, and gets the event when it is back', async () => {
    const { server, redis } = await setUp()
    // What is sent now stays in the socket.
    server.signal('SIGSTOP')
    const emitting = emit(redis, event)
    await server.stop('SIGKILL')
    await server.start()
    expect(await emitting).toMatchObject({ id: 'e-1' })
    expect(await entriesOf(redis)).toHaveLength(1)
  })

  it('as the connection is closed', async () => {
    const { redis } = await setUp()
    await redis.quit()
    const error = await failureOf(emit(redis, event))
    expect(error).toMatchObject({ code: 'unreachable' })
    expect(error.message).toMatch(/\(Connection is closed\.\)/)
  })

  it('as the connection subscribes', async () => {
    const { redis } = await setUp()
    await redis.subscribe('a-channel')
    await expect(emit(redis, event)).rejects.toThrow(
      new TypeError(
        'the connection has subscribed, and takes no other commands; emit on another one, such as redis.duplicate(), made once',
      ),
    )
  })

  it('and the event whose id event-fanout derives is to be emitted again unchanged', async () => {
    const { redis, calls } = scriptedConnection()
    const emitting = failureOf(emit(redis, { type: 'T', timestamp: 1 }))
    calls[0]!.fail()
    const { id, message } = await emitting
    expect(id).toBeUndefined()
    expect(message.endsWith(hintWith('unchanged'))).toBe(true)
  })

  it('and the event that got an id is to be emitted again with it', async () => {
    const { redis, calls } = scriptedConnection()
    const emitting = failureOf(emit(redis, { type: 'T' }))
    calls[0]!.fail()
    const { id, message } = await emitting
    expect(JSON.parse(String(calls[0]!.commands[0]![7]))).toEqual({ type: 'T', id })
    expect(message.endsWith(hintWith(`with the id "${id!}"`))).toBe(true)
  })
})
