import { describe, expect, it } from 'vitest'
import { liveApp, offsets, scene, startApp, states } from './app.ts'
import { MapStorage } from './fake-environment.ts'
import type { FakeSocket } from './fake-socket.ts'
import { FakeTokens } from './fake-tokens.ts'

describe('a token that the handshake refuses', () => {
  it.each([
    ['with a 401, as in Node', true],
    ['silently, as in browsers', false],
  ])('%s is replaced by one that is asked for with `renew`', async (_, tellsStatus) => {
    const { time, server } = scene()
    server.tellsStatus = tellsStatus
    const hints: boolean[] = []
    const app = startApp(time, server, {
      connect: {
        getToken: ({ renew }) => {
          hints.push(renew)
          return server.tokens.issue(renew ? {} : { lifetime: -60_000 })
        },
      },
    })
    await time.advance(10_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(hints).toEqual([false, true])
  })

  it.each([
    ['in Node', true],
    ['in a browser', false],
  ])(
    'and does not become good leaves the client `unauthorized`, until it does, %s',
    async (_, tellsStatus) => {
      const { time, server } = scene()
      server.tellsStatus = tellsStatus
      server.tokens.areRefused = true
      const app = startApp(time, server)
      await time.advance(60_000)
      expect(app.client.status).toEqual({ state: 'offline', reason: 'unauthorized' })
      // It tries again, but not like mad.
      expect(server.requests.length).toBeLessThan(30)
      expect(server.sockets.length).toBeLessThan(20)
      server.tokens.areRefused = false
      await time.advance(31_000)
      expect(app.client.status).toEqual({ state: 'live' })
      server.publish()
      await time.advance(100)
      expect(offsets(app)).toHaveLength(1)
    },
  )
})

describe('getToken', () => {
  it.each([
    ['throws', (): never => { throw new Error('signed out') }], // prettier-ignore
    ['rejects', async () => Promise.reject(new Error('signed out'))],
    ['hangs', async () => new Promise<never>(() => undefined)],
    ['gives nonsense', () => 'not a token'],
    ['gives a header', () => `Bearer ${FakeTokens.sample}`],
    ['gives JSON', () => JSON.stringify(FakeTokens.sample)],
    ['gives nothing', () => undefined as unknown as string],
  ])('that %s is called again, and what it gives later is used', async (_, bad) => {
    const { time, server } = scene()
    let isBad = true
    const app = startApp(time, server, {
      connect: { getToken: () => (isBad ? bad() : server.tokens.issue()) },
    })
    await time.advance(30_000)
    expect(app.client.status.state).toBe('offline')
    expect(server.sockets).toHaveLength(0)
    expect(app.lines.join()).not.toContain(FakeTokens.sample)
    isBad = false
    await time.advance(41_000)
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('may add a newline, as a file or a response does; no log has a token', async () => {
    const { time, server } = scene()
    const app = startApp(time, server, { connect: { getToken: () => `${server.tokens.issue()}\n` } })
    await time.advance(10_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(app.lines.join()).not.toContain('header.')
  })

  it('that answers after `close` starts nothing, and moves no cursor', async () => {
    const { time, server } = scene()
    const storage = new MapStorage([['event-fanout:trainer-1:', '1000 phone']])
    let answer: (token: string) => void = () => undefined
    const getToken = async (): Promise<string> => new Promise((resolve) => (answer = resolve))
    const app = startApp(time, server, { connect: { storage, getToken } })
    await time.advance(1_000)
    app.client.close()
    storage.setItem('event-fanout:trainer-1:', '1005 phone')
    answer(server.tokens.issue())
    await time.advance(60_000)
    expect([...storage.entries.values()]).toEqual(['1005 phone'])
    // What is not given back would be kept from the next client.
    expect([...app.environment.keys]).toEqual([])
    expect([server.sockets, server.requests, app.environment.timers]).toEqual([[], [], 0])
  })

  it('is called once for a socket and a poll that need a token at the same time', async () => {
    const { time, server } = scene()
    let calls = 0
    startApp(time, server, {
      connect: {
        getToken: async () => {
          calls++
          return new Promise((resolve) => {
            time.after('device', 5_000, () => {
              resolve(server.tokens.issue())
            })
          })
        },
      },
    })
    await time.advance(20_000)
    expect(calls).toBe(1)
  })

  it('that gives the token of somebody else gets it refused by the client itself', async () => {
    const { time, server } = scene()
    let user = 'trainer-1'
    const app = await liveApp(time, server, {
      connect: { getToken: () => server.tokens.issue({ user }) },
    })
    user = 'trainer-2'
    server.kick('disconnected')
    server.publish()
    await time.advance(60_000)
    expect(app.client.status).toEqual({ state: 'offline', reason: 'unauthorized' })
    expect(server.sockets).toHaveLength(1)
    expect(offsets(app)).toEqual([])
    user = 'trainer-1'
    await time.advance(31_000)
    expect(offsets(app)).toEqual([1001])
    expect(app.client.status).toEqual({ state: 'live' })
  })
})

describe('a token that ends', () => {
  it('is replaced after nine tenths of its life, and the client never leaves `live`', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    await time.advance(53 * 60_000)
    expect(server.tokens.issued).toBe(1)
    await time.advance(60_000 + 1_000)
    expect(server.tokens.issued).toBe(2)
    server.publish()
    await time.advance(10 * 60_000)
    server.publish()
    await time.advance(1_000)
    expect(offsets(app)).toEqual([1001, 1002])
    expect(states(app)).toEqual(['connecting', 'live'])
  })

  it('while connected, by the server: it says `expired`, and the client comes back with another', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.kick('expired')
    server.publish()
    await time.advance(5_000)
    expect(offsets(app)).toEqual([1001])
    expect(server.tokens.issued).toBe(2)
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('by a clock of the device that is wrong is left to the server to judge', async () => {
    const { time, server } = scene()
    // By this device all tokens have ended a day ago, and were issued two days ago.
    const app = startApp(time, server, { clockError: 48 * 3_600_000 })
    await time.advance(3_000)
    expect(app.client.status).toEqual({ state: 'live' })
    await time.advance(60_000)
    expect(server.sockets).toHaveLength(1)
    expect(server.tokens.issued).toBe(1)
  })

  it.each([60_000, 3_000, 100])(
    'by a clock of the device that is ahead in %i ms is not replaced all the time',
    async (left) => {
      const { time, server } = scene()
      const app = startApp(time, server, { clockError: 3_600_000 - left })
      await time.advance(10 * 60_000)
      expect(server.sockets.length).toBeLessThan(70)
      expect(server.tokens.issued).toBeLessThan(70)
      expect(states(app)).toEqual(['connecting', 'live'])
    },
  )

  it('at once, each time, does not make the client dial like mad', async () => {
    const { time, server } = scene()
    startApp(time, server, { connect: { getToken: () => server.tokens.issue({ lifetime: 1_000 }) } })
    await time.advance(60_000)
    expect(server.sockets.length).toBeLessThan(150)
  })
})

describe('an error of the gateway itself', () => {
  it('says nothing about the token', async () => {
    const { time, server } = scene()
    Object.assign(server, {
      received: (socket: FakeSocket) => {
        socket.deliver({ message: 'Internal server error', connectionId: 'c', requestId: 'r' })
      },
    })
    const app = startApp(time, server)
    await time.advance(10 * 60_000)
    expect(server.sockets.length).toBeGreaterThan(10)
    expect(server.tokens.issued).toBe(1)
    expect(app.lines).toContain('event-fanout: server:  Internal server error')
  })
})
