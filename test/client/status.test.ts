import { describe, expect, it } from 'vitest'
import { NEXT } from '../../src/client/machine.ts'
import { type App, liveApp, scene, startApp, states, transitions } from './app.ts'
import type { FakeServer } from './fake-server.ts'
import type { ManualTime } from './manual-time.ts'

type Scenario = (time: ManualTime, server: FakeServer) => Promise<App>

const HALF_A_MINUTE = 31_000

const polling: Scenario = async (time, server) => {
  server.handshakes = 'fail'
  const app = startApp(time, server)
  await time.until(() => app.client.status.state === 'polling')
  return app
}

const offline: Scenario = async (time, server) => {
  server.isDown = true
  const app = startApp(time, server)
  await time.until(() => app.client.status.state === 'offline')
  return app
}

const closed =
  (before: Scenario): Scenario =>
  async (time, server) => {
    const app = await before(time, server)
    app.client.close()
    return app
  }

/** How each change of `src/client/machine.ts` comes about. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'connecting>live': liveApp,
  'connecting>polling': polling,
  'connecting>offline': offline,
  'connecting>closed': closed(async (time, server) => {
    const app = startApp(time, server)
    await time.advance(10)
    return app
  }),
  'live>connecting': async (time, server) => {
    const app = await liveApp(time, server)
    server.restart(1006)
    await time.advance(server.latency)
    return app
  },
  'live>closed': closed(liveApp),
  'polling>live': async (time, server) => {
    const app = await polling(time, server)
    server.heal()
    await time.advance(HALF_A_MINUTE)
    return app
  },
  'polling>polling': async (time, server) => {
    const app = await liveApp(time, server)
    server.kick('evicted')
    await time.advance(2_100)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'evicted' })
    server.handshakes = 'fail'
    app.environment.hint('look')
    await time.advance(2_100)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
    return app
  },
  'polling>offline': async (time, server) => {
    const app = await polling(time, server)
    server.isDown = true
    await time.advance(7_000)
    return app
  },
  'polling>closed': closed(polling),
  'offline>live': async (time, server) => {
    const app = await offline(time, server)
    server.handshakes = 'answer'
    await time.advance(HALF_A_MINUTE)
    return app
  },
  'offline>polling': async (time, server) => {
    const app = await offline(time, server)
    server.polls = 'answer'
    await time.advance(HALF_A_MINUTE)
    return app
  },
  'offline>offline': async (time, server) => {
    const app = await offline(time, server)
    server.polls = 401
    await time.advance(HALF_A_MINUTE)
    expect(app.client.status).toEqual({ state: 'offline', reason: 'unauthorized' })
    return app
  },
  'offline>closed': closed(offline),
}

describe('the status', () => {
  it.each(Object.entries(SCENARIOS))('goes %s', async (edge, scenario) => {
    const { time, server } = scene()
    transitions.clear()
    const app = await scenario(time, server)
    expect([...transitions]).toContain(edge)
    expect(app.client.status.state).toBe(edge.split('>')[1])
  })

  it('has all of these changes, and no others', () => {
    const table = Object.entries(NEXT).flatMap(([from, edges]) =>
      Object.values(edges).map((to) => `${from}>${to}`),
    )
    expect(Object.keys(SCENARIOS).toSorted()).toEqual(table.toSorted())
  })

  it('stays the same object while it says the same', async () => {
    const { time, server } = scene()
    const app = await polling(time, server)
    const { status } = app.client
    await time.advance(15_000)
    expect(server.requests.length).toBeGreaterThan(2)
    expect(app.client.status).toBe(status)
    expect(states(app)).toEqual(['connecting', 'polling'])
  })

  it('is told to nobody who has taken back the listener', async () => {
    const { time, server } = scene()
    const app = startApp(time, server)
    const told: unknown[] = []
    app.client.onStatus((status) => told.push(status))()
    await time.advance(2_000)
    expect([app.client.status.state, told]).toEqual(['live', []])
  })
})

describe('a hint of the platform', () => {
  it('that the network is back makes the client try at once', async () => {
    const { time, server } = scene()
    const app = await offline(time, server)
    await time.advance(300_000)
    server.heal()
    app.environment.hint('look')
    await time.advance(500)
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('that it is gone makes the client look whether that is so, if there was no connection anyway', async () => {
    const { time, server } = scene()
    const app = await polling(time, server)
    app.environment.hint('offline')
    await time.advance(2_100)
    expect(app.client.status).toEqual({ state: 'polling', reason: 'unreachable' })
    server.isDown = true
    app.environment.hint('offline')
    await time.advance(2_100)
    expect(app.client.status).toEqual({ state: 'offline', reason: 'unreachable' })
  })

  it('that it is gone makes the client ask over an open connection first: it may be another network', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    app.environment.hint('offline')
    await time.advance(12_000)
    expect([app.client.status.state, server.pings]).toEqual(['live', 1])
    server.cut()
    app.environment.hint('offline')
    await time.advance(10_100)
    expect(app.client.status.state).not.toBe('live')
  })

  it.each([
    [
      'while the first handshake is under way',
      async (time: ManualTime, server: FakeServer) => {
        server.latency = 100
        const app = startApp(time, server)
        await time.advance(50)
        return app
      },
    ],
    [
      'after a sleep of three hours',
      async (time: ManualTime, server: FakeServer) => {
        const app = await liveApp(time, server)
        server.cut()
        await time.sleep(3 * 3_600_000)
        return app
      },
    ],
  ])('does not show `polling` where a socket is at hand: %s', async (_, start) => {
    const { time, server } = scene()
    const app = await start(time, server)
    app.environment.hint('look')
    await time.advance(5_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(states(app)).not.toContain('polling')
    expect(server.requests).toEqual([])
  })

  it('does the same as `check`', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    app.client.check()
    await time.advance(100)
    expect(server.pings).toBe(1)
  })
})
