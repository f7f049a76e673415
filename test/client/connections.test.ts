import { describe, expect, it } from 'vitest'
import { liveApp, offsets, range, scene, startApp, states } from './app.ts'
import { type FakeServer, LIFETIME } from './fake-server.ts'

const HOUR = 3_600_000

describe('a connection that ends', () => {
  it.each([1001, 1006, 1012])('with %i is opened again, and what was missed is resumed', async (code) => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.publish()
    await time.advance(100)
    server.restart(code)
    server.publishMany(2)
    await time.advance(5_000)
    expect(offsets(app)).toEqual([1001, 1002, 1003])
    expect(server.resumes.map(({ after }) => after)).toEqual([undefined, 1001])
    expect(states(app)).toEqual(['connecting', 'live', 'connecting', 'live'])
    expect(app.lines).toContain('event-fanout: resumed 2 events')
  })

  it('is resumed in as many pages as it takes', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.restart(1006)
    server.publishMany(450)
    await time.advance(5_000)
    expect(server.resumes.map(({ after }) => after)).toEqual([undefined, 1000, 1100, 1200, 1300, 1400])
    expect(offsets(app)).toEqual(range(1001, 1450))
    expect(app.seen.every(({ via }) => via === 'resume')).toBe(true)
  })

  it('without a word is found out by the ping that nobody answers for 10 s', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.cut()
    server.publish()
    await time.until(() => app.client.status.state === 'connecting')
    expect(app.lines.at(-1)).toBe('event-fanout: no connection: wss://events.example.com no pong within 10 s')
    await time.advance(5_000)
    expect(offsets(app)).toEqual([1001])
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('while a page is asked for is asked for it anew', async () => {
    const { time, server } = scene()
    server.publishMany(30)
    server.pageSize = 10
    server.answerDelay = 200
    const app = startApp(time, server, { connect: { from: 1000 } })
    await time.until(() => server.resumes.length === 2)
    server.restart(1006)
    await time.advance(5_000)
    expect(offsets(app)).toEqual(range(1001, 1030))
  })

  it('is not dialed a second time because a hole is to be repaired while the handshake is under way', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = (offset) => (offset === 1001 ? [] : [0])
    server.publishMany(2)
    await time.advance(server.latency)
    server.latency = 400
    server.restart(1006)
    await time.advance(10_000)
    expect(offsets(app)).toEqual([1001, 1002])
    expect(server.sockets).toHaveLength(2)
  })
})

describe('a server that is unavailable', () => {
  it('for a resume is asked again, but not at once', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.isUnavailable = true
    server.pushes = () => []
    server.publish()
    server.pushes = () => [0]
    server.publish()
    await time.advance(1_500)
    server.isUnavailable = false
    await time.advance(3_000)
    expect(offsets(app)).toEqual([1001, 1002])
    expect(server.sockets).toHaveLength(1)
  })

  it('at the start is dialed again', async () => {
    const { time, server } = scene()
    server.isUnavailable = true
    const app = startApp(time, server)
    await time.advance(20_000)
    expect(server.sockets.length).toBeGreaterThan(1)
    expect(server.sockets.length).toBeLessThan(15)
    server.isUnavailable = false
    await time.advance(31_000)
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('that opens a connection and never says a word is left after 30 s', async () => {
    const { time, server } = scene()
    server.handshakes = 'mute'
    const app = startApp(time, server)
    await time.advance(3_000)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
    server.publish()
    await time.advance(7_000)
    expect(offsets(app)).toEqual([1001])
    server.handshakes = 'answer'
    await time.advance(62_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(app.lines).toContain('event-fanout: no connection: wss://events.example.com no page within 30 s')
  })
})

describe('a phone that sleeps', () => {
  it.each([
    ['the server closed the connection meanwhile', false],
    ['the phone never hears of it', true],
  ])('for three hours dials at once when it wakes, and resumes: %s', async (_, isCut) => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    if (isCut) server.cut()
    publishNowAndThen(5)
    await time.sleep(3 * HOUR)
    const wakesAt = time.now()
    await time.advance(1_500)
    expect(offsets(app)).toEqual(range(1001, 1005))
    expect(server.resumes.at(-1)!.after).toBe(1000)
    expect(server.resumes.at(-1)!.at - wakesAt).toBeLessThan(1_200)
    expect(app.client.status).toEqual({ state: 'live' })
    // The token had ended.
    expect(server.tokens.issued).toBe(2)

    function publishNowAndThen(count: number): void {
      for (let i = 1; i <= count; i++) time.after('world', (i * HOUR) / 3, () => server.publish())
    }
  })

  it('for a minute keeps its connection', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    time.after('world', 30_000, () => server.publish())
    await time.sleep(61_000)
    await time.advance(500)
    expect(offsets(app)).toEqual([1001])
    expect(server.sockets).toHaveLength(1)
  })

  it('looks at once when the app is opened, and not only at the next ping', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.cut()
    server.publish()
    await time.advance(5_000)
    app.environment.hint('look')
    await time.advance(12_000)
    expect(offsets(app)).toEqual([1001])
  })
})

describe('a server that accepts, and soon closes', () => {
  it.each([
    [
      'without a word',
      (server: FakeServer) => {
        server.restart(1011)
      },
    ],
    [
      'because the user was disconnected',
      (server: FakeServer) => {
        server.kick('disconnected')
      },
    ],
  ])('%s, again and again, is dialed with growing pauses', async (_, close) => {
    const { time, server } = scene()
    const app = startApp(time, server)
    app.client.onStatus(({ state }) => {
      if (state === 'live')
        time.after('world', 100, () => {
          close(server)
        })
    })
    await time.advance(10 * 60_000)
    expect(server.sockets.length).toBeGreaterThan(10)
    expect(server.sockets.length).toBeLessThan(80)
    expect(server.tokens.issued).toBeLessThan(80)
  })
})

describe('a socket that was given up while it was connecting', () => {
  it('is closed when it opens all the same, as on Android', async () => {
    const { time, server } = scene()
    class Android extends server.WebSocket {
      override close(code?: number): void {
        if (this.readyState !== 'connecting') super.close(code)
      }
    }
    Object.assign(server, { WebSocket: Android, latency: 11_000 })
    const app = startApp(time, server)
    await time.advance(120_000)
    server.latency = 20
    await time.advance(60_000)
    expect([app.client.status.state, server.connections.length]).toEqual(['live', 1])
    app.client.close()
    await time.advance(5_000)
    expect(server.connections).toEqual([])
  })
})

describe('pings', () => {
  it('go every minute', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    await time.advance(40 * 60_000)
    expect(server.pings).toBe(40)
    expect(server.sockets).toHaveLength(1)
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('keep a connection alive until shortly before the server would end it', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server, {
      connect: { getToken: () => server.tokens.issue({ lifetime: 24 * HOUR }) },
    })
    await time.advance(LIFETIME * 0.79)
    expect(server.sockets).toHaveLength(1)
    await time.advance(LIFETIME * 0.2)
    expect(server.sockets).toHaveLength(2)
    expect(states(app)).toEqual(['connecting', 'live'])
  })
})

describe('the log', () => {
  it('tells of a renewal that fails, while the old connection holds', async () => {
    const { time, server } = scene()
    let isSignedIn = true
    const getToken = (): string => {
      if (isSignedIn) return server.tokens.issue()
      throw new Error('signed out')
    }
    const app = await liveApp(time, server, { connect: { getToken } })
    isSignedIn = false
    await time.advance(59 * 60_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(app.lines.at(-1)).toBe('event-fanout: no connection: wss://events.example.com Error: signed out')
  })

  it('that throws stops nothing', async () => {
    const { time, server } = scene()
    const log = (): never => {
      throw new Error('disk full')
    }
    server.isDown = true
    const app = startApp(time, server, { connect: { from: 1000, log } })
    await time.advance(20_000)
    server.heal()
    server.publish()
    await time.advance(60_000)
    expect([offsets(app), app.client.status]).toEqual([[1001], { state: 'live' }])
  })
})
