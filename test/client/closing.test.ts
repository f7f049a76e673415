import { describe, expect, it } from 'vitest'
import { type App, type AppOptions, liveApp, offsets, scene, startApp } from './app.ts'
import { MapStorage } from './fake-environment.ts'

const never = async (): Promise<never> => new Promise(() => undefined)

describe('close', () => {
  it('gives the last ack, closes the socket, and leaves nothing behind', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.publish()
    await time.advance(50)
    app.client.close()
    expect(app.client.status).toEqual({ state: 'closed' })
    expect(app.statuses.at(-1)).toBe(app.client.status)
    expect([app.environment.timers, app.environment.watchers]).toEqual([0, 0])
    server.publish()
    await time.advance(60_000)
    expect(server.acks.at(-1)!.offset).toBe(1001)
    expect(offsets(app)).toEqual([1001])
    expect(server.connections).toEqual([])
    expect(server.sockets.map(({ readyState }) => readyState)).toEqual(['closed'])
  })

  it('in the same turn as `connect` opens nothing, and asks for no token', async () => {
    const { time, server } = scene()
    const app = startApp(time, server)
    app.client.close()
    await time.advance(60_000)
    expect([server.sockets, server.requests, server.tokens.issued]).toEqual([[], [], 0])
    expect([app.environment.timers, app.environment.watchers]).toEqual([0, 0])
  })

  it('twice, or followed by `check`, does nothing more', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    app.client.close()
    app.client.close()
    app.client.check()
    app.environment.hint('look')
    await time.advance(60_000)
    expect(server.sockets).toHaveLength(1)
    expect(server.requests).toEqual([])
    expect(app.environment.timers).toBe(0)
    expect(app.statuses.filter(({ state }) => state === 'closed')).toHaveLength(1)
  })

  it.each([
    ['moves no cursor', async () => undefined],
    ['frees no key', never],
  ])('a second time, when there is another client already, %s', async (_, handle) => {
    const { time, server } = scene()
    const tabStorage = new MapStorage()
    const keys = new Set<string>()
    const first = await liveApp(time, server, { tabStorage, keys, seed: 1 })
    first.client.close()
    const second = await liveApp(time, server, { tabStorage, keys, seed: 2, handle })
    server.publishMany(3)
    await time.advance(2_000)
    const entries = [...tabStorage.entries]
    first.client.close()
    expect([...tabStorage.entries]).toEqual(entries)
    const third = await liveApp(time, server, { tabStorage, keys, seed: 3 })
    expect(third.client.device).not.toBe(second.client.device)
    expect(third.refetches).toEqual(['start'])
  })

  it('while a poll waits for its token ends that, too: nothing is asked for, nothing acknowledged', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    let isSlow = false
    const getToken = async (): Promise<string> => {
      if (isSlow) await new Promise<void>((resolve) => time.after('device', 3_000, resolve))
      return server.tokens.issue({ lifetime: 30_000 })
    }
    const app = startApp(time, server, { connect: { from: 1000, getToken }, handle: never })
    await time.advance(15_000)
    isSlow = true
    server.publishMany(3)
    await time.until(() => app.seen.length > 0)
    await time.advance(12_000)
    app.client.close()
    const { length } = server.requests
    await time.advance(60_000)
    expect(server.requests).toHaveLength(length)
    expect(server.acks.every(({ offset }) => offset <= 1000)).toBe(true)
  })

  it('in a handler is the end of it', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    app.client.on('TOLD', () => {
      app.client.close()
    })
    server.publishMany(3)
    await time.advance(5_000)
    expect(offsets(app)).toEqual([1001])
    expect(app.environment.timers).toBe(0)
  })

  it.each<[string, (app: App) => void]>([
    [
      'the handler of `start`',
      ({ client }) =>
        client.onRefetch(() => {
          client.close()
        }),
    ],
    [
      'the handler of a resumed event',
      ({ client }) =>
        client.onAny(() => {
          client.close()
        }),
    ],
    [
      'a handler that goes on for ever',
      ({ client }) =>
        client.onAny(async () => {
          client.close()
          return never()
        }),
    ],
    [
      'a listener, when it is live',
      ({ client }) =>
        client.onStatus(({ state }) => {
          if (state === 'live') client.close()
        }),
    ],
    [
      'a listener, when it is polling',
      ({ client }) =>
        client.onStatus(({ state }) => {
          if (state === 'polling') client.close()
        }),
    ],
  ])('in %s leaves nothing behind, and nothing is handled after it', async (where, listen) => {
    const { time, server } = scene()
    if (where.includes('polling')) server.handshakes = 'fail'
    server.publishMany(3)
    const app = startApp(time, server, where.includes('start') ? {} : { connect: { from: 1000 } })
    listen(app)
    await time.until(() => app.client.status.state === 'closed')
    const { length } = app.seen
    expect(length).toBeLessThanOrEqual(1)
    await time.advance(120_000)
    expect([app.seen.length, app.environment.timers, server.connections]).toEqual([length, 0, []])
  })

  it.each<[string, AppOptions['connect'], (server: ReturnType<typeof scene>['server']) => void]>([
    ['for a token', { getToken: never }, () => undefined],
    ['for the storage', { storage: { getItem: never, setItem: never } }, () => undefined],
    ['for a handshake', {}, (server) => (server.handshakes = 'hang')],
    ['for the first page', {}, (server) => (server.handshakes = 'mute')],
    ['for a poll', {}, (server) => Object.assign(server, { handshakes: 'fail', polls: 'hang' })],
    ['for the next poll', {}, (server) => (server.handshakes = 'fail')],
    ['after a message `unavailable`', {}, (server) => (server.isUnavailable = true)],
  ])('while it waits %s ends the wait', async (_, connect, script) => {
    const { time, server } = scene()
    script(server)
    const app = startApp(time, server, { connect: { from: 1000, ...connect } })
    await time.advance(2_500)
    server.publish()
    const dialed = server.sockets.length
    app.client.close()
    await time.advance(0)
    const { timers } = app.environment
    server.heal()
    await time.advance(120_000)
    expect(offsets(app)).toEqual([])
    expect(server.sockets).toHaveLength(dialed)
    expect(server.connections).toEqual([])
    expect(app.environment.timers).toBe(0)
    expect(timers, 'timers that would keep a process alive').toBe(0)
  })

  it.each([
    ['returns', undefined],
    ['fails', new Error('too late')],
  ])('while a handler runs does not count its event as applied, even if it %s later', async (_, error) => {
    const { time, server } = scene()
    let finish: () => void = () => undefined
    const app = await liveApp(time, server, {
      handle: async () =>
        new Promise<void>((resolve, reject) => {
          finish = () => {
            if (error) reject(error)
            else resolve()
          }
        }),
    })
    server.publishMany(2)
    await time.advance(100)
    app.client.close()
    finish()
    await time.advance(5_000)
    expect([offsets(app), app.client.offset]).toEqual([[1001], 1000])
    expect(server.acks.at(-1)!.offset).toBe(1000)
    expect(app.environment.timers).toBe(0)
  })
})
