import { describe, expect, it } from 'vitest'
import { liveApp, offsets, range, scene, startApp, states } from './app.ts'

describe('without a socket', () => {
  it.each(['fail', 'hang'] as const)('polling starts within some 2 s: handshakes %s', async (handshakes) => {
    const { time, server } = scene()
    server.handshakes = handshakes
    const app = startApp(time, server, { connect: { from: 1000 } })
    server.publishMany(3)
    await time.advance(2_100)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
    expect(app.seen.map(({ offset, via }) => [offset, via])).toEqual([
      [1001, 'poll'],
      [1002, 'poll'],
      [1003, 'poll'],
    ])
  })

  it('events come with the next poll, every 5 s', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    const app = startApp(time, server)
    await time.advance(60_000)
    const pauses = server.requests.slice(1).map(({ at }, i) => at - server.requests[i]!.at)
    expect(Math.min(...pauses)).toBeGreaterThan(4_000)
    expect(Math.max(...pauses)).toBeLessThan(6_500)
    server.publish()
    await time.advance(6_500)
    expect(offsets(app)).toEqual([1001])
  })

  it('a long backlog comes page after page, without a pause', async () => {
    const { time, server } = scene()
    server.handshakes = 'hang'
    server.publishMany(450)
    const app = startApp(time, server, { connect: { from: 1000 } })
    await time.advance(4_000)
    expect(offsets(app)).toEqual(range(1001, 1450))
    expect(server.requests).toHaveLength(5)
  })

  it('more pages to poll do not disturb a handshake that is under way', async () => {
    const { time, server } = scene()
    server.handshakes = 'hang'
    server.publishMany(450)
    startApp(time, server, { connect: { from: 1000 } })
    await time.advance(9_000)
    expect(server.requests.length).toBeGreaterThan(4)
    expect(server.sockets).toHaveLength(1)
  })

  it('it goes on looking for one, with growing pauses of at most 30 s, and is live when there is one', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    const app = startApp(time, server)
    const dials: number[] = []
    while (time.now() < Date.UTC(2025, 5, 1, 0, 30)) {
      while (dials.length < server.sockets.length) dials.push(time.now())
      await time.advance(100)
    }
    const pauses = dials.slice(1).map((at, i) => at - dials[i]!)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_200)
    expect(Math.max(...pauses.slice(0, 3))).toBeLessThan(8_500)
    // Full jitter: 15 s in the mean, all different.
    expect(dials.length).toBeGreaterThan(80)
    expect(dials.length).toBeLessThan(200)
    expect(new Set(pauses.slice(5)).size).toBeGreaterThan(20)

    server.handshakes = 'answer'
    await time.advance(31_000)
    expect(app.client.status).toEqual({ state: 'live' })
    const polls = server.requests.length
    await time.advance(30_000)
    expect(server.requests).toHaveLength(polls)
  })

  it('is not put off by an app that calls `check` all the time', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    server.publish()
    const app = startApp(time, server, { connect: { from: 1000 } })
    for (let i = 0; i < 10; i++) {
      await time.advance(1_900)
      app.client.check()
    }
    expect(server.requests.length).toBeGreaterThan(5)
    expect(server.requests.length).toBeLessThan(20)
    expect(offsets(app)).toEqual([1001])
  })

  it('the first socket after polling goes on where polling was', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    const app = startApp(time, server, { connect: { from: 1000 } })
    server.publishMany(2)
    await time.advance(5_000)
    server.publishMany(2)
    server.handshakes = 'answer'
    await time.advance(31_000)
    server.publish()
    await time.advance(100)
    expect(offsets(app)).toEqual(range(1001, 1005))
  })
})

describe('polls', () => {
  it.each(['refuse', 'hang', 'stall', 'html', 503] as const)(
    'that fail (%s) leave the client offline, and it recovers by itself',
    async (polls) => {
      const { time, server } = scene()
      server.handshakes = 'fail'
      server.polls = polls
      const app = startApp(time, server, { connect: { from: 1000 } })
      await time.advance(60_000)
      expect(states(app)).toEqual(['connecting', 'offline'])
      expect(app.client.status).toEqual({ state: 'offline', reason: 'unreachable' })
      expect(server.requests.length).toBeLessThan(12)
      server.polls = 'answer'
      server.publish()
      await time.advance(67_000)
      expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
      expect(offsets(app)).toEqual([1001])
    },
  )

  it('that are refused with 401 try once with another token', async () => {
    const { time, server } = scene()
    server.handshakes = 'hang'
    const app = startApp(time, server)
    await time.advance(4_000)
    server.tokens.revoke()
    await time.advance(8_000)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
    expect(server.tokens.issued).toBe(2)
  })

  it('after an earlier outage try once with another token as well, before they say so', async () => {
    const { time, server } = scene()
    server.isDown = true
    const app = startApp(time, server)
    await time.advance(60_000)
    server.heal()
    await time.until(() => app.client.status.state === 'live')
    const { length } = app.statuses
    server.tokens.revoke()
    server.tellsStatus = false
    server.restart(1006)
    await time.advance(60_000)
    expect(app.statuses.slice(length).map(({ reason }) => reason)).not.toContain('unauthorized')
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('that are refused with 401 whatever the token say so', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    server.polls = 401
    const app = startApp(time, server)
    await time.advance(10_000)
    expect(app.client.status).toEqual({ state: 'offline', reason: 'unauthorized' })
  })
})

describe('evicted', () => {
  it('means poll, and not fight, until the app is looked at', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.kick('evicted')
    await time.advance(2_100)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'evicted' })
    server.publish()
    await time.advance(3_600_000)
    expect(offsets(app)).toEqual([1001])
    expect(server.sockets).toHaveLength(1)
    app.environment.hint('look')
    await time.advance(1_000)
    expect(app.client.status).toEqual({ state: 'live' })
    server.publish()
    await time.advance(100)
    expect(offsets(app)).toEqual([1001, 1002])
  })

  it('by one of 21 clients leaves 20 live and one polling, and no more than 21 dials', async () => {
    const { time, server } = scene()
    const apps = range(1, 21).map((seed) => startApp(time, server, { seed }))
    await time.advance(120_000)
    const now = apps.map(({ client }) => client.status.state)
    expect(now.filter((state) => state === 'live')).toHaveLength(20)
    expect(now.filter((state) => state === 'polling')).toHaveLength(1)
    expect(server.sockets).toHaveLength(21)
    server.publish()
    await time.advance(6_500)
    expect(apps.map(offsets)).toEqual(apps.map(() => [1001]))
  })
})
