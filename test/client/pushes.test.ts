import { describe, expect, it } from 'vitest'
import { liveApp, offsets, range, scene, startApp } from './app.ts'

describe('pushes', () => {
  it('reach the handlers in the order of the log', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.publishMany(5)
    await time.advance(100)
    expect(offsets(app)).toEqual(range(1001, 1005))
    expect(app.seen.map(({ id, via }) => [id, via])).toEqual(
      range(1001, 1005).map((offset) => [`event ${offset}`, 'push']),
    )
    expect(app.client.offset).toBe(1005)
  })

  it('that come twice reach them once', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = () => [0, 0, 700]
    server.publishMany(3)
    await time.advance(2_000)
    expect(offsets(app)).toEqual([1001, 1002, 1003])
    expect(server.resumes).toHaveLength(1)
  })

  it('that overtake each other are put in order', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = (offset) => [(1005 - offset) * 50]
    server.publishMany(5)
    await time.advance(3_000)
    expect(offsets(app)).toEqual(range(1001, 1005))
    expect(server.resumes.length).toBeLessThanOrEqual(2)
  })

  it('after one that is missing make the client ask once for all of it', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = (offset) => (offset === 1002 ? [] : [0])
    server.publishMany(4)
    await time.advance(server.latency)
    expect(offsets(app)).toEqual([1001])
    await time.advance(1_000)
    expect(offsets(app)).toEqual(range(1001, 1004))
    await time.advance(10_000)
    expect(server.resumes.map(({ after }) => after)).toEqual([undefined, 1001])
    expect(app.seen[1]).toMatchObject({ offset: 1002, via: 'resume' })
  })

  it('that are late, after the hole was repaired, are dropped', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = (offset) => [offset === 1001 ? 2_000 : 0]
    server.publishMany(3)
    await time.advance(5_000)
    expect(offsets(app)).toEqual([1001, 1002, 1003])
    expect(server.resumes).toHaveLength(2)
  })

  it('that all get lost are found by the next pong', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = () => []
    server.publishMany(3)
    await time.advance(50_000)
    expect(offsets(app)).toEqual([])
    await time.advance(15_000)
    expect(offsets(app)).toEqual([1001, 1002, 1003])
    expect(server.pings).toBe(1)
    expect(server.resumes).toHaveLength(2)
    expect(app.client.status).toEqual({ state: 'live' })
  })

  it('that a pong has overtaken are neither lost nor doubled', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = () => [250]
    server.publish()
    app.environment.hint('look')
    await time.advance(1_000)
    expect(server.pings).toBe(1)
    expect(offsets(app)).toEqual([1001])
    expect(server.resumes.length).toBeLessThanOrEqual(2)
  })

  it('that arrive between two pages are neither lost nor doubled', async () => {
    const { time, server } = scene()
    server.publishMany(45)
    server.pageSize = 10
    server.answerDelay = 100
    const app = await liveApp(time, server, { connect: { from: 1000 } })
    expect(server.resumes.map(({ after }) => after)).toEqual([1000, 1010, 1020, 1030, 1040])
    expect(offsets(app)).toEqual(range(1001, 1045))

    server.pushes = (offset) => (offset === 1046 ? [] : [0])
    for (let i = 0; i < 30; i++) {
      server.publish()
      await time.advance(20)
    }
    await time.advance(3_000)
    expect(offsets(app)).toEqual(range(1001, 1075))
  })
})

describe('a log that was put back to an earlier state', () => {
  it('below what was heard of, but above the cursor, is not asked for what it has not, over and over', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = () => []
    server.publishMany(5)
    server.isUnavailable = true
    server.pushes = () => [0]
    server.publish()
    await time.advance(200)
    server.restart(1006)
    server.log.reset(1000)
    server.pushes = () => []
    server.publishMany(2)
    server.pushes = () => [0]
    server.isUnavailable = false
    await time.advance(60_000)
    expect(server.resumes.length).toBeLessThan(20)
    server.publish()
    await time.advance(2_000)
    expect(app.client.offset).toBe(1003)
  })
})

describe('what is found missing while the first page of a connection is on its way', () => {
  it('is there at once: after a page that is truncated', async () => {
    const { time, server } = scene()
    server.publishMany(50)
    server.log.keep(5)
    server.answerDelay = 200
    const app = startApp(time, server, { connect: { from: 1000 } })
    await time.until(() => server.resumes.length === 1)
    await time.advance(10)
    server.publish()
    await time.advance(2_000)
    expect([app.refetches, offsets(app)]).toEqual([['truncated'], [1051]])
  })

  it.each([
    ['overtaken', [300]],
    ['lost', []],
  ])('is there at once: a push that is %s', async (_, delays) => {
    const { time, server } = scene()
    const app = startApp(time, server, { connect: { from: 1000 } })
    server.answerDelay = 200
    await time.until(() => server.resumes.length === 1)
    await time.advance(10)
    server.pushes = (offset) => (offset === 1001 ? delays : [0])
    server.publishMany(2)
    await time.advance(2_000)
    expect(offsets(app)).toEqual([1001, 1002])
  })

  it('is there at once: a push that is lost at a renewal', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    await time.advance(0.9 * 3_600_000 - 5_000)
    server.answerDelay = 300
    await time.until(() => server.resumes.length === 2)
    await time.advance(10)
    server.pushes = (offset) => (offset === 1001 ? [] : [0])
    server.publishMany(2)
    await time.advance(2_000)
    expect(offsets(app)).toEqual([1001, 1002])
  })
})
