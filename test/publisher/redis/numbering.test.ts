import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emit, PublishError } from '../../../src/publisher/redis/index.ts'
import { CHANNEL, nameOf, numbersOf, scriptedConnection, setUp } from './set-up.ts'

const event = { type: 'T', id: 'e-1' }
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

describe('numbers', () => {
  it('count from 1 in the order of the calls, however many run at once', async () => {
    const { redis } = await setUp()
    const emits = upTo(200).map(async (n) => emit(redis, { type: 'T', id: `e-${n}` }))
    await Promise.all(emits)
    const entries = await redis.xrange(CHANNEL, '-', '+')
    expect(entries.map(([, fields]) => JSON.parse(fields[1]!) as unknown)).toEqual(
      upTo(200).map((n) => ({ type: 'T', id: `e-${n}` })),
    )
    expect(Object.values(await numbersOf(redis))).toEqual([upTo(200)])
  })

  it('are each connection’s own', async () => {
    const { server, redis } = await setUp()
    const other = server.client()
    await emit(redis, event)
    await emit(other, event)
    await emit(redis, event)
    expect(Object.values(await numbersOf(redis))).toEqual([[1, 2], [1]])
  })

  it('are each channel’s own', async () => {
    const { redis } = await setUp()
    for (const channel of ['a', 'b', 'a']) await emit(redis, event, { channel })
    const [a, b] = [await numbersOf(redis, 'a'), await numbersOf(redis, 'b')]
    expect(Object.values(a)).toEqual([[1, 2]])
    expect(Object.values(b)).toEqual([[1]])
    expect(Object.keys(a)).not.toEqual(Object.keys(b))
  })

  it('are each name’s own', async () => {
    const { redis } = await setUp()
    for (const producer of ['api', 'jobs', 'api']) await emit(redis, event, { producer })
    const numbers = Object.entries(await numbersOf(redis)).map(([producer, n]) => [nameOf(producer), n])
    expect(numbers).toEqual([
      ['api', [1, 2]],
      ['jobs', [1]],
    ])
  })

  it('have no gap after Redis has refused some', async () => {
    const { redis } = await setUp()
    await emit(redis, event)
    await redis.config('SET', 'maxmemory', '1')
    const refused = await Promise.allSettled([emit(redis, event), emit(redis, event), emit(redis, event)])
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await redis.config('SET', 'maxmemory', '0')
    await emit(redis, event)
    await emit(redis, event)
    expect(Object.values(await numbersOf(redis))).toEqual([[1, 2, 3]])
  })

  it('are not used up by events that are refused', async () => {
    const { redis } = await setUp()
    const circular: Record<string, unknown> & { type: string } = { type: 'T' }
    circular['self'] = circular
    await expect(emit(redis, circular)).rejects.toBeInstanceOf(PublishError)
    await expect(emit(redis, { type: 'T', text: 'x'.repeat(200_000) })).rejects.toBeInstanceOf(PublishError)
    await expect(emit(redis, [event] as never)).rejects.toBeInstanceOf(PublishError)
    await expect(emit(redis, event, { keep: 0 })).rejects.toBeInstanceOf(TypeError)
    await emit(redis, event)
    expect(Object.values(await numbersOf(redis))).toEqual([[1]])
  })
})

describe('the number of an emit that failed', () => {
  it('is missing if one with a later number was successful', async () => {
    const { redis, calls } = scriptedConnection()
    const [first, second] = [emit(redis, event), emit(redis, event)]
    calls[1]!.succeed()
    await second
    calls[0]!.fail()
    await expect(first).rejects.toBeInstanceOf(PublishError)
    void emit(redis, event)
    expect(calls.at(-1)!.number).toBe(3)
  })

  it('is handed back when all that came after it have failed as well', async () => {
    const { redis, calls } = scriptedConnection()
    const emits = [emit(redis, event), emit(redis, event), emit(redis, event)]
    for (const i of [1, 0, 2]) {
      calls[i]!.fail()
      await expect(emits[i]).rejects.toBeInstanceOf(PublishError)
    }
    void emit(redis, event)
    expect(calls.at(-1)!.number).toBe(1)
  })

  /** The rule by another way: the next number follows the highest that is under way or was successful. */
  it('leaves as few gaps as can be, in whatever order emits fail and succeed', async () => {
    const step = fc.oneof(fc.constant('emit' as const), fc.record({ which: fc.nat(), fails: fc.boolean() }))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { redis, calls } = scriptedConnection()
        const underWay: { number: number; end: (fails: boolean) => Promise<void> }[] = []
        let successful = 0
        for (const next of steps) {
          if (next === 'emit') {
            const emitting = emit(redis, event).catch(() => undefined)
            const call = calls.at(-1)!
            expect(call.number).toBe(1 + Math.max(successful, ...underWay.map(({ number }) => number)))
            const end = async (fails: boolean) => {
              if (fails) call.fail()
              else call.succeed()
              await emitting
            }
            underWay.push({ number: call.number, end })
          } else if (underWay.length > 0) {
            const [ended] = underWay.splice(next.which % underWay.length, 1)
            await ended!.end(next.fails)
            if (!next.fails) successful = Math.max(successful, ended!.number)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
