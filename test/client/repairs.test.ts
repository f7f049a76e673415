import { describe, expect, it } from 'vitest'
import { liveApp, offsets, range, scene, startApp } from './app.ts'
import type { FakeServer } from './fake-server.ts'

/** What each `resume` came after, with `repair` where it said so. */
function asked({ resumes }: FakeServer): unknown[] {
  return resumes.map(({ after, repair }) => (repair ? `repair after ${String(after)}` : after))
}

describe('a resume says `repair`', () => {
  it('after a push beyond the next offset', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = (offset) => (offset === 1002 ? [] : [0])
    server.publishMany(4)
    await time.advance(1_000)
    expect(offsets(app)).toEqual(range(1001, 1004))
    expect(asked(server)).toEqual([undefined, 'repair after 1001'])
  })

  it('after a pong whose head is above the cursor', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pushes = () => []
    server.publishMany(3)
    await time.advance(65_000)
    expect(offsets(app)).toEqual(range(1001, 1003))
    expect(asked(server)).toEqual([undefined, 'repair after 1000'])
  })

  it('for the first page of what was lost, not for the pages after it', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pageSize = 10
    server.pushes = (offset) => (offset === 1026 ? [0] : [])
    server.publishMany(26)
    await time.advance(1_000)
    expect(offsets(app)).toEqual(range(1001, 1026))
    expect(asked(server)).toEqual([undefined, 'repair after 1000', 1010, 1020])
  })

  it('for each loss', async () => {
    const { time, server } = scene()
    await liveApp(time, server)
    server.pushes = (offset) => (offset % 2 === 0 ? [0] : [])
    for (let i = 0; i < 3; i++) {
      server.publishMany(2)
      await time.advance(1_000)
    }
    expect(asked(server)).toEqual([undefined, ...[1000, 1002, 1004].map((after) => `repair after ${after}`)])
  })
})

describe('a resume does not say `repair`', () => {
  it('when a client starts, with a long backlog', async () => {
    const { time, server } = scene()
    server.publishMany(25)
    server.pageSize = 10
    const app = await liveApp(time, server, { connect: { from: 1000 } })
    expect(offsets(app)).toEqual(range(1001, 1025))
    expect(asked(server)).toEqual([1000, 1010, 1020])
  })

  it('when a client was away, and missed much', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.pageSize = 10
    server.restart(1006)
    server.publishMany(25)
    await time.advance(5_000)
    expect(offsets(app)).toEqual(range(1001, 1025))
    expect(asked(server)).toEqual([undefined, 1000, 1010, 1020])
  })

  it('when a phone wakes', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    time.after('world', 1_800_000, () => {
      server.publishMany(3)
    })
    await time.sleep(3_600_000)
    await time.advance(5_000)
    expect(offsets(app)).toEqual(range(1001, 1003))
    expect(asked(server)).toEqual([undefined, 1000])
  })

  it('when a connection takes the place of another', async () => {
    const { time, server } = scene()
    await liveApp(time, server)
    await time.advance(59 * 60_000)
    expect(asked(server)).toEqual([undefined, 1000])
  })

  it('when sockets are to be had again after polling', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.handshakes = 'fail'
    server.restart(1006)
    server.publishMany(3)
    await time.advance(10_000)
    server.handshakes = 'answer'
    server.publishMany(2)
    await time.until(() => app.client.status.state === 'live')
    await time.advance(1_000)
    expect(offsets(app)).toEqual(range(1001, 1005))
    expect(server.resumes.some(({ repair }) => repair)).toBe(false)
  })

  it('when events are pushed between the pages of a backlog', async () => {
    const { time, server } = scene()
    server.publishMany(45)
    server.pageSize = 10
    server.answerDelay = 100
    const app = startApp(time, server, { connect: { from: 1000 } })
    for (let i = 0; i < 30; i++) {
      await time.advance(20)
      server.publish()
    }
    await time.advance(3_000)
    expect(offsets(app)).toEqual(range(1001, 1075))
    expect(server.resumes.length).toBeGreaterThan(5)
    expect(server.resumes.some(({ repair }) => repair)).toBe(false)
  })

  it('when the app is slow, and the client leaves events with the server for now', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server, {
      handle: async () =>
        new Promise<void>((resolve) => {
          time.after('device', 50, resolve)
        }),
    })
    server.publishMany(300)
    await time.advance(60_000)
    expect(offsets(app)).toEqual(range(1001, 1300))
    expect(server.resumes.length).toBeGreaterThan(1)
    expect(server.resumes.some(({ repair }) => repair)).toBe(false)
  })

  it('when the log is another one', async () => {
    const { time, server } = scene()
    const app = await liveApp(time, server)
    server.reset(500)
    server.publishMany(3)
    await time.advance(5_000)
    expect(app.refetches).toEqual(['start', 'truncated'])
    expect(server.resumes.some(({ repair }) => repair)).toBe(false)
  })
})
