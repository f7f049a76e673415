import { describe, expect, it } from 'vitest'
import { liveApp, offsets, range, scene, startApp } from './app.ts'

/** An administrator disconnects the user: the error frame, the close, and tokens issued before are refused from then on. */
describe('a client whose user was disconnected', () => {
  it.each([
    ['in Node', true],
    ['in a browser', false],
  ])('comes back by itself with a token that was issued later, %s', async (_, tellsStatus) => {
    const { time, server } = scene()
    server.tellsStatus = tellsStatus
    const hints: boolean[] = []
    const app = await liveApp(time, server, {
      connect: {
        getToken: ({ renew }) => {
          hints.push(renew)
          return server.tokens.issue()
        },
      },
    })
    server.kick('disconnected')
    server.publish()
    await time.advance(10_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(offsets(app)).toEqual([1001])
    expect(hints[0]).toBe(false)
    expect(hints.slice(1)).not.toContain(false)
    expect(hints.length).toBeLessThanOrEqual(3)
    expect(app.statuses.map(({ reason }) => reason)).not.toContain('unauthorized')
  })

  it('does so as well if its new token is of the second of the disconnection, and does not count', async () => {
    const refusedAtFirst: number[] = []
    for (const seed of range(1, 8)) {
      const { time, server } = scene()
      const app = await liveApp(time, server, { seed })
      await time.until(() => time.now() % 1000 === 1, 2_000, 1)
      server.kick('disconnected')
      server.publish()
      await time.until(() => server.sockets.length === 2)
      if (!server.tokens.opens(server.sockets[1]!.token)) refusedAtFirst.push(seed)
      await time.advance(10_000)
      expect(app.client.status).toEqual({ state: 'live' })
      expect(offsets(app)).toEqual([1001])
    }
    expect(refusedAtFirst).not.toEqual([])
  })

  it.each([
    ['in Node', true],
    ['in a browser', false],
  ])('is `unauthorized` while `getToken` gives the old one, and asks seldom, %s', async (_, tellsStatus) => {
    const { time, server } = scene()
    server.tellsStatus = tellsStatus
    let calls = 0
    let token = server.tokens.issue({ lifetime: 24 * 3_600_000 })
    const getToken = (): string => {
      calls++
      return token
    }
    const app = await liveApp(time, server, { connect: { getToken } })
    const [dialed, polled] = [server.sockets.length, server.requests.length]
    server.kick('disconnected')
    server.publish()
    await time.advance(5_000)
    expect(app.client.status).toEqual({ state: 'offline', reason: 'unauthorized' })

    await time.advance(10 * 60_000 - 5_000)
    expect(app.client.status).toEqual({ state: 'offline', reason: 'unauthorized' })
    expect(offsets(app)).toEqual([])
    // Once at the start, then with growing pauses: of 15 s in the mean for sockets, of 30 s for polls.
    expect(server.sockets.length - dialed).toBeLessThan(70)
    expect(server.requests.length - polled).toBeLessThan(35)
    expect(calls).toBeLessThan(70)

    token = server.tokens.issue()
    await time.advance(62_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(offsets(app)).toEqual([1001])
  })

  it('polling, is `unauthorized` with the old token, and polls on with a later one', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    let token = server.tokens.issue()
    const app = startApp(time, server, { connect: { from: 1000, getToken: () => token } })
    await time.advance(8_000)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
    server.kick('disconnected')
    await time.advance(10_000)
    expect(app.client.status).toEqual({ state: 'offline', reason: 'unauthorized' })
    token = server.tokens.issue()
    server.publish()
    await time.advance(62_000)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
    expect(offsets(app)).toEqual([1001])
  })
})
