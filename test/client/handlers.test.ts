import { describe, expect, it } from 'vitest'
import { errors, liveApp, offsets, range, scene, startApp, transitions } from './app.ts'

const never = async (): Promise<never> => new Promise(() => undefined)

describe('a handler', () => {
  it('is called for its type alone, `onAny` for all of them, each with where the event stands and how it came', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    const told: unknown[] = []
    app.client.on('TOLD', (event, arrival) => told.push(event, arrival))
    server.publish('OTHER')
    server.publish('TOLD')
    await time.advance(100)
    expect(told).toEqual([
      { type: 'TOLD', id: 'event 1002' },
      { offset: 1002, via: 'push' },
    ])
    expect(offsets(app)).toEqual([1001, 1002])
  })

  it.each(['event', 'status', 'refetch', 'constructor', '__proto__'])(
    'of a type called %s is mistaken for nothing else',
    async (type) => {
      const { time, server } = scene()
      const app = startApp(time, server)
      const told: unknown[] = []
      app.client.on(type, ({ id }) => told.push(id))
      await time.advance(1_000)
      server.publish('TOLD')
      server.publish(type)
      await time.advance(100)
      expect(told).toEqual(['event 1002'])
    },
  )

  it('that was taken back is not called any more; the same one added twice is called twice', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    let calls = 0
    const handler = (): void => {
      calls++
    }
    const stop = app.client.on('TOLD', handler)
    app.client.on('TOLD', handler)
    server.publish()
    await time.advance(100)
    expect(calls).toBe(2)
    stop()
    stop()
    server.publish()
    await time.advance(100)
    expect(calls).toBe(3)
  })

  it.each([
    ['throws', (): never => { throw new TypeError('session is undefined') }, 'TypeError: session is undefined'], // prettier-ignore
    ['rejects', async () => Promise.reject(new TypeError('session is undefined')), 'TypeError: session is undefined'], // prettier-ignore
    ['throws what is no error', (): never => { throw 'nonsense' as unknown as Error }, 'nonsense'], // prettier-ignore
    ['never returns', never, 'within 30 s'],
  ])('that %s is reported with the offset, and holds up nothing', async (_, fault, text) => {
    const { time, server } = scene()
    const app = await liveApp(time, server, {
      handle: (offset) => (offset === 1002 ? fault() : undefined),
    })
    let others = 0
    app.client.on('TOLD', () => others++)
    server.publishMany(4)
    await time.advance(32_000)
    expect(offsets(app)).toEqual(range(1001, 1004))
    expect(others).toBe(4)
    expect(app.client.offset).toBe(1004)
    expect(server.reports).toMatchObject([{ offset: 1002, error: expect.stringContaining(text) as string }])
    expect(errors).toHaveLength(1)
    expect(errors[0]!.message).toContain('1002')
    expect(server.acks.at(-1)!.offset).toBe(1004)
  })

  it('that fails for event after event, without a connection, is reported for the first 20', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    server.publishMany(30)
    startApp(time, server, {
      connect: { from: 1000 },
      handle: () => {
        throw new Error('broken')
      },
    })
    await time.advance(10_000)
    server.handshakes = 'answer'
    await time.advance(31_000)
    expect(server.reports.map(({ offset }) => offset)).toEqual(range(1001, 1020))
  })

  it('that throws what has no text holds up nothing', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server, {
      handle: (offset) => {
        if (offset === 1001) throw Object.create(null)
      },
    })
    server.publishMany(3)
    await time.advance(5_000)
    expect(offsets(app)).toEqual(range(1001, 1003))
    expect(app.client.offset).toBe(1003)
  })

  it('that throws more than a message may hold is reported with its beginning', async () => {
    const { time, server } = scene()
    await liveApp(time, server, {
      handle: () => {
        throw new Error('x'.repeat(40_000))
      },
    })
    server.publish()
    await time.advance(3_000)
    expect(server.reports.map(({ error }) => error.length)).toEqual([1000])
  })

  it('that is awaited holds up the next event, and the offset, until it has returned', async () => {
    const { time, server } = scene()
    const ends: (() => void)[] = []
    const app = await liveApp(time, server, {
      handle: async () => new Promise<void>((resolve) => ends.push(resolve)),
    })
    server.publishMany(2)
    await time.advance(20_000)
    expect([offsets(app), app.client.offset, server.acks.at(-1)!.offset]).toEqual([[1001], 1000, 1000])
    ends[0]!()
    await time.advance(1_100)
    expect([offsets(app), app.client.offset, server.acks.at(-1)!.offset]).toEqual([[1001, 1002], 1001, 1001])
  })

  it('that fails while there is no connection is reported when there is one', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    startApp(time, server, {
      connect: { from: 1000 },
      handle: () => {
        throw new Error('broken')
      },
    })
    server.publishMany(3)
    await time.advance(10_000)
    expect(server.reports).toEqual([])
    server.handshakes = 'answer'
    await time.advance(31_000)
    expect(server.reports.map(({ offset }) => offset)).toEqual([1001, 1002, 1003])
    expect(server.reports[0]!.device).toMatch(/./)
  })

  it('that is slow makes the client leave the rest with the server', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server, {
      handle: async () => new Promise<void>((resolve) => time.after('device', 100, resolve)),
    })
    let held = 0
    // What was read and not yet handled cannot be seen, but what was asked for can.
    const resumesWhileFull: number[] = []
    for (let i = 0; i < 1_000; i++) {
      const before = server.resumes.length
      server.publish()
      await time.advance(10)
      const asked = Math.max(...server.resumes.map(({ after }) => after ?? 0))
      held = Math.max(held, asked - (app.client.offset ?? 0))
      if (server.resumes.length > before) resumesWhileFull.push(asked - (app.client.offset ?? 0))
    }
    await time.advance(100_000)
    expect(offsets(app)).toEqual(range(1001, 2000))
    expect(Math.max(...resumesWhileFull)).toBeLessThanOrEqual(100)
    expect(held).toBeLessThanOrEqual(200)
    expect(app.client.offset).toBe(2000)
  })

  it('that is slow while connections come and go does not fill the memory either', async () => {
    const { time, server } = scene()
    server.publishMany(3_000)
    const app = startApp(time, server, {
      connect: { from: 1000 },
      handle: async () => new Promise<void>((resolve) => time.after('device', 1_000, resolve)),
    })
    let held = 0
    for (let i = 0; i < 10; i++) {
      await time.advance(6_000)
      server.restart(1006)
      held = Math.max(held, (server.resumes.at(-1)!.after ?? 0) - app.client.offset!)
    }
    expect(held).toBeLessThanOrEqual(200)
  })

  it('that is slow stops the polls as well', async () => {
    const { time, server } = scene()
    server.handshakes = 'hang'
    server.publishMany(1_000)
    const app = startApp(time, server, {
      connect: { from: 1000 },
      handle: async () => new Promise<void>((resolve) => time.after('device', 1_000, resolve)),
    })
    await time.advance(60_000)
    const asked = server.requests.map(({ query }) => Number(new URLSearchParams(query).get('after')))
    expect(Math.max(...asked) - app.client.offset!).toBeLessThanOrEqual(100)
    await time.advance(1_100_000)
    expect(offsets(app)).toEqual(range(1001, 2000))
  })
})

describe('a listener that throws', () => {
  it('on a change of status disturbs neither the client nor the other listeners', async () => {
    const { time, server } = scene()
    const app = startApp(time, server)
    const told: string[] = []
    app.client.onStatus(() => {
      throw new Error('a bug in the status bar')
    })
    app.client.onStatus(({ state }) => told.push(state))
    await time.advance(2_000)
    expect(told).toEqual(['live'])
    expect(errors.map(({ error }) => String(error))).toEqual(['Error: a bug in the status bar'])
    server.publish()
    await time.advance(100)
    expect(offsets(app)).toEqual([1001])
  })

  it('on a refetch is reported, and the events go on', async () => {
    const { time, server } = scene()
    const app = startApp(time, server)
    app.client.onRefetch(() => {
      throw new Error('the backend is down')
    })
    await time.advance(2_000)
    server.publish()
    await time.advance(2_000)
    expect(offsets(app)).toEqual([1001])
    expect(errors).toHaveLength(1)
    expect(transitions).toContain('connecting>live')
  })
})
