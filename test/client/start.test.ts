import { describe, expect, it } from 'vitest'
import { liveApp, offsets, range, scene, startApp } from './app.ts'
import { MapStorage } from './fake-environment.ts'

describe('a client without a cursor', () => {
  it('starts from now: it says `start`, and gives nothing that came before', async () => {
    const { time, server } = scene()
    server.publishMany(5)
    const app = await liveApp(time, server)
    expect(app.refetches).toEqual(['start'])
    expect(app.client.offset).toBe(1005)
    server.publish()
    await time.advance(100)
    expect(offsets(app)).toEqual([1006])
    expect(server.acks.at(0)).toMatchObject({ offset: 1005 })
  })

  it('has no offset until the server has answered', async () => {
    const { time, server } = scene()
    const { client } = startApp(time, server)
    expect([client.offset, client.device]).toEqual([undefined, undefined])
    await time.advance(1)
    expect(client.offset).toBeUndefined()
    expect(client.device).toMatch(/^.{5,128}$/)
    await time.advance(1_000)
    expect(client.offset).toBe(1000)
  })

  it('by poll starts from now as well', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    server.publishMany(5)
    const app = startApp(time, server)
    await time.advance(4_000)
    expect(app.refetches).toEqual(['start'])
    expect([offsets(app), app.client.offset]).toEqual([[], 1005])
  })

  it.each([
    ['what was pushed before it knew where it starts', { answerDelay: 500 }],
    ['the first push even if the head already counts it', { readDelay: 500 }],
  ])('hands over %s', async (_, delay) => {
    const { time, server } = scene()
    Object.assign(server, delay)
    const app = startApp(time, server)
    await time.until(() => server.resumes.length === 1)
    server.publishMany(2)
    await time.advance(2_000)
    expect(app.refetches).toEqual(['start'])
    expect(offsets(app)).toEqual([1001, 1002])
  })

  it('that a poll has told its start misses nothing that a later answer to its first `resume` would skip', async () => {
    const { time, server } = scene()
    server.pushes = () => []
    server.readDelay = 4_000
    const app = startApp(time, server)
    await time.until(() => app.refetches.length === 1)
    expect(server.requests).toHaveLength(1)
    server.publish()
    await time.until(() => app.client.status.state === 'live')
    await time.advance(70_000)
    expect(app.refetches).toEqual(['start'])
    expect(offsets(app)).toEqual([1001])
  })

  it('waits with events until the refetch is over', async () => {
    const { time, server } = scene()
    const app = startApp(time, server)
    let finish: () => void = () => undefined
    app.client.onRefetch(
      async () =>
        new Promise<void>((resolve) => {
          finish = resolve
        }),
    )
    await time.until(() => app.refetches.length === 1)
    server.publish()
    await time.advance(5_000)
    expect([offsets(app), app.client.offset]).toEqual([[], undefined])
    finish()
    await time.advance(10)
    expect([offsets(app), app.client.offset]).toEqual([[1001], 1001])
  })
})

describe('`from`', () => {
  it('0 gives everything that the server keeps', async () => {
    const { time, server } = scene()
    server.publishMany(250)
    server.log.keep(230)
    const app = await liveApp(time, server, { connect: { from: 0 } })
    expect(offsets(app)).toEqual(range(1021, 1250))
    expect(app.refetches).toEqual([])
  })

  it('an offset gives what came after it', async () => {
    const { time, server } = scene()
    server.publishMany(5)
    const app = await liveApp(time, server, { connect: { from: 1003 } })
    expect(offsets(app)).toEqual([1004, 1005])
    expect(app.refetches).toEqual([])
  })

  it('is not looked at when a cursor is kept', async () => {
    const { time, server } = scene()
    server.publishMany(5)
    const storage = new MapStorage()
    const first = await liveApp(time, server, { connect: { from: 1003, storage } })
    first.client.close()
    const second = await liveApp(time, server, { connect: { from: 1000, storage } })
    expect(offsets(second)).toEqual([])
  })
})

describe('a cursor that is of no use any more', () => {
  it.each([
    ['the events after it have expired', 'expired'],
    ['the log is another one, below it', 'below'],
    ['the log is another one, above it', 'above'],
  ])('says `truncated` and goes on from the head: %s', async (_, fate) => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.publish()
    await time.advance(2_000)
    server.isDown = true
    server.restart(1006)
    if (fate === 'below') server.reset(500)
    if (fate === 'above') server.reset(5000)
    server.publishMany(10)
    server.log.keep(3)
    server.heal()
    await time.advance(35_000)
    expect(app.refetches).toEqual(['start', 'truncated'])
    expect([offsets(app), app.client.offset]).toEqual([[1001], server.log.head])
    server.publish()
    await time.advance(2_000)
    expect(offsets(app)).toEqual([1001, server.log.head])
    expect(server.acks.at(-1)!.offset).toBe(server.log.head)
    expect(server.resumes.length).toBeLessThanOrEqual(4)
  })

  it('says so by poll as well', async () => {
    const { time, server } = scene()
    server.handshakes = 'fail'
    server.publishMany(10)
    server.log.keep(3)
    const app = startApp(time, server, { connect: { from: 1002 } })
    await time.advance(4_000)
    expect(app.refetches).toEqual(['truncated'])
    server.publish()
    await time.advance(6_500)
    expect(offsets(app)).toEqual([1011])
  })

  it('because nothing is kept, but nothing was missed either, is still of use', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.publish()
    await time.advance(2_000)
    server.log.keep(0)
    server.restart(1001)
    await time.advance(5_000)
    expect(app.refetches).toEqual(['start'])
    expect(app.client.status).toEqual({ state: 'live' })
  })
})
