import { describe, expect, it } from 'vitest'
import { liveApp, offsets, range, scene, states } from './app.ts'
import { LIFETIME } from './fake-server.ts'

const HOUR = 3_600_000
/** The tokens of these tests end after an hour, and are replaced after nine tenths of their life. */
const RENEWAL = 0.9 * HOUR

describe('a connection is renewed before the server ends it', () => {
  it('three times over: nothing is missed, nothing comes twice, nothing comes late', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server, {
      connect: { getToken: () => server.tokens.issue({ lifetime: 24 * HOUR }) },
    })
    const published: number[] = []
    const held: number[] = []
    while (published.length < (3 * LIFETIME) / 1_000 + 60) {
      published.push(time.now())
      held.push(server.joined.length)
      server.publish()
      await time.advance(1_000)
    }
    expect(server.sockets.length).toBeGreaterThanOrEqual(4)
    expect(Math.min(...held)).toBeGreaterThanOrEqual(1)
    expect(offsets(app)).toEqual(range(1001, 1000 + published.length))
    expect(new Set(app.seen.map(({ at }, i) => at - published[i]!))).toEqual(new Set([server.latency]))
    expect(states(app)).toEqual(['connecting', 'live'])
  })

  it('make before break: there is no moment without a connection that has answered', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.answerDelay = 300
    const held: number[] = []
    const sent: number[] = []
    await time.advance(RENEWAL - 5_000)
    for (let i = 0; i < 800; i++) {
      held.push(server.joined.length)
      if (i % 5 === 0) {
        sent.push(time.now())
        server.publish()
      }
      await time.advance(10)
    }
    const renewal = 4 * server.latency + server.answerDelay
    expect(server.sockets).toHaveLength(2)
    expect(Math.min(...held)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...app.seen.map(({ at }, i) => at - sent[i]!))).toBeLessThanOrEqual(
      server.latency + renewal,
    )
    expect(offsets(app)).toEqual(range(1001, 1160))
    expect(states(app)).toEqual(['connecting', 'live'])
    // The old one is closed when the new one has answered.
    await time.advance(1_000)
    expect(server.connections).toHaveLength(1)
  })

  it('with a token that is renewed before its end, one after the other for a day', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    await time.advance(24 * HOUR)
    expect(server.tokens.issued).toBeGreaterThanOrEqual(26)
    expect(server.tokens.issued).toBeLessThanOrEqual(28)
    expect(states(app)).toEqual(['connecting', 'live'])
  })

  it.each([
    ['the handshake fails', { handshakes: 'fail' }],
    ['the handshake hangs', { handshakes: 'hang' }],
    ['nobody speaks', { handshakes: 'mute' }],
  ] as const)('and keeps the old one while that fails: %s', async (_, script) => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    await time.advance(RENEWAL - 5_000)
    Object.assign(server, script)
    await time.advance(40_000)
    server.publish()
    await time.advance(100)
    expect(offsets(app)).toEqual([1001])
    expect(server.sockets.length).toBeGreaterThan(1)
    expect(states(app)).toEqual(['connecting', 'live'])
    server.heal()
    await time.advance(35_000)
    server.publish()
    await time.advance(5_000)
    expect(offsets(app)).toEqual([1001, 1002])
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('and keeps the old one while no token is to be had', async () => {
    const { time, server } = scene()
    let isSignedIn = true
    const app = await liveApp(time, server, {
      connect: {
        getToken: () => {
          if (isSignedIn) return server.tokens.issue()
          throw new Error('the identity provider is down')
        },
      },
    })
    isSignedIn = false
    await time.advance(HOUR - 10_000)
    server.publish()
    await time.advance(100)
    expect([offsets(app), states(app)]).toEqual([[1001], ['connecting', 'live']])
    isSignedIn = true
    await time.advance(60_000)
    expect(app.client.status).toEqual({ state: 'live' })
  })
})
