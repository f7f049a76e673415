import { describe, expect, it } from 'vitest'
import { liveApp, offsets, scene, startApp } from './app.ts'
import { MapStorage } from './fake-environment.ts'

describe('acks', () => {
  it('go once a second at most, and each says all', async () => {
    const { time, server } = scene()
    await liveApp(time, server)
    server.acks.length = 0
    for (let i = 0; i < 50; i++) {
      server.publish()
      await time.advance(100)
    }
    await time.advance(1_500)
    expect(server.acks.length).toBeLessThanOrEqual(6)
    expect(server.acks.at(-1)!.offset).toBe(1050)
    const given = server.acks.map(({ offset }) => offset)
    expect(given).toEqual(given.toSorted((a, b) => a - b))
  })

  it('name their device, as reports do: the server need not look up whose connection it is', async () => {
    const { time, server } = scene()
    await liveApp(time, server, {
      connect: { device: 'phone' },
      handle: () => {
        throw new Error('broken')
      },
    })
    server.publish()
    await time.advance(1_500)
    expect(server.acks.at(-1)).toEqual({ device: 'phone', offset: 1001, via: 'socket' })
    expect(server.reports).toMatchObject([{ device: 'phone', offset: 1001 }])
  })

  it('say what was applied, never what was only received', async () => {
    const { time, server } = scene()
    await liveApp(time, server, {
      handle: async (offset) => (offset === 1003 ? new Promise(() => undefined) : undefined),
    })
    server.publishMany(5)
    await time.advance(20_000)
    expect(server.acks.at(-1)!.offset).toBe(1002)
  })

  it('by poll wait until everything was applied, and so do polls', async () => {
    const { time, server } = scene()
    server.handshakes = 'hang'
    server.publishMany(5)
    let finish: () => void = () => undefined
    const app = startApp(time, server, {
      connect: { from: 1000 },
      handle: async (offset) =>
        offset === 1003 ? new Promise<void>((resolve) => (finish = resolve)) : undefined,
    })
    await time.advance(25_000)
    expect(server.requests).toHaveLength(1)
    expect(server.acks.every(({ offset }) => offset <= 1000)).toBe(true)
    finish()
    await time.advance(7_000)
    expect(server.acks.at(-1)).toEqual({ device: app.client.device, offset: 1005, via: 'poll' })
  })

  it('by poll do not run ahead while a token is fetched', async () => {
    const { time, server } = scene()
    let isSlow = false
    const getToken = async (): Promise<string> => {
      if (isSlow) await new Promise<void>((resolve) => time.after('device', 3_000, resolve))
      return server.tokens.issue()
    }
    server.answerDelay = 9_000
    const app = startApp(time, server, {
      connect: { from: 1000, getToken },
      handle: async () => new Promise(() => undefined),
    })
    await time.advance(1_000)
    isSlow = true
    server.polls = 401
    await time.until(() => server.requests.length === 1)
    await time.advance(100)
    server.polls = 'answer'
    // Comes over the connection that has not answered yet, while the poll waits for its token.
    server.publish()
    await time.advance(4_000)
    expect([offsets(app), server.acks]).toEqual([[1001], []])
  })

  it('that got lost with their connection are given again over the next', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.publish()
    await time.advance(50)
    // The ack will go into a dead wire.
    server.cut()
    await time.advance(2_000)
    expect(server.acks.at(-1)!.offset).toBe(1000)
    await time.advance(80_000)
    expect(app.client.status).toEqual({ state: 'live' })
    expect(server.acks.at(-1)!.offset).toBe(1001)
  })

  it('that an app remembered but did not live to give are given by the next one', async () => {
    const { time, server } = scene()
    const storage = new MapStorage()
    await liveApp(time, server, { connect: { storage } })
    server.publish()
    await time.advance(50)
    // It crashes here: applied, remembered, not acknowledged.
    server.cut()
    await liveApp(time, server, { connect: { storage } })
    expect(server.acks.at(-1)).toMatchObject({ offset: 1001, via: 'socket' })
  })

  it('are given at once when the page goes', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.publishMany(3)
    await time.advance(50)
    app.environment.hint('hide')
    await time.advance(server.latency)
    expect(server.acks.at(-1)!.offset).toBe(1003)
  })

  it('of two devices say nothing about each other', async () => {
    const { time, server } = scene()
    const [phone, tablet] = [
      await liveApp(time, server, { connect: { device: 'phone' } }),
      await liveApp(time, server, {
        connect: { device: 'tablet' },
        handle: async () => new Promise(() => undefined),
      }),
    ]
    server.publishMany(3)
    await time.advance(5_000)
    const last = (device: string): unknown => server.acks.findLast((ack) => ack.device === device)?.offset
    expect([last('phone'), last('tablet')]).toEqual([1003, 1000])
    expect([phone.client.device, tablet.client.device]).toEqual(['phone', 'tablet'])
  })
})
