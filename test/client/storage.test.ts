import { describe, expect, it } from 'vitest'
import type { Storage } from '../../src/client/options.ts'
import { type App, liveApp, offsets, range, scene, startApp } from './app.ts'
import { MapStorage } from './fake-environment.ts'

const hangs = async (): Promise<never> => new Promise(() => undefined)

describe('a client that is started again', () => {
  it('goes on exactly where the last one was', async () => {
    const { time, server } = scene()
    const storage = new MapStorage()
    const first = await liveApp(time, server, { connect: { storage } })
    server.publishMany(3)
    await time.advance(100)
    first.client.close()
    server.publishMany(3)
    const second = await liveApp(time, server, { connect: { storage } })
    expect([offsets(first), offsets(second)]).toEqual([range(1001, 1003), range(1004, 1006)])
    expect(second.refetches).toEqual([])
    expect(second.client.device).toBe(first.client.device)
    expect(second.client.offset).toBe(1006)
  })

  it('after a crash in a handler gets that event again: the offset moves only when a promise has resolved', async () => {
    const { time, server } = scene()
    const storage = new MapStorage()
    const first = await liveApp(time, server, {
      connect: { storage },
      handle: async (offset) => (offset === 1002 ? hangs() : undefined),
    })
    server.publishMany(3)
    await time.advance(5_000)
    expect(offsets(first)).toEqual([1001, 1002])
    // It is gone: whatever it would still do reaches neither server nor storage.
    server.cut()
    const kept = new MapStorage(storage.entries)
    const second = await liveApp(time, server, { connect: { storage: kept } })
    expect(offsets(second)).toEqual([1002, 1003])
  })

  it('for another user starts with that one’s cursor, and the first keeps theirs', async () => {
    const { time, server } = scene()
    const storage = new MapStorage()
    const as = (user: string) => ({ connect: { storage, getToken: () => server.tokens.issue({ user }) } })
    const first = await liveApp(time, server, as('trainer-1'))
    server.publish()
    await time.advance(100)
    first.client.close()
    const other = await liveApp(time, server, as('trainer-2'))
    expect(other.refetches).toEqual(['start'])
    other.client.close()
    const again = await liveApp(time, server, as('trainer-1'))
    expect([again.refetches, again.client.offset]).toEqual([[], 1001])
  })

  it('with nonsense in its storage starts from now', async () => {
    const { time, server } = scene()
    const storage = { getItem: () => 'nonsense', setItem: () => undefined }
    const app = await liveApp(time, server, { connect: { storage } })
    expect(app.refetches).toEqual(['start'])
    server.publish()
    await time.advance(100)
    expect(offsets(app)).toEqual([1001])
  })

  it('without a storage starts from now', async () => {
    const { time, server } = scene()
    const first = await liveApp(time, server)
    first.client.close()
    server.publish()
    const second = await liveApp(time, server)
    expect([second.refetches, offsets(second)]).toEqual([['start'], []])
  })
})

describe('a storage that does not work', () => {
  it.each<[string, Storage]>([
    ['throws', { getItem: () => { throw new Error('blocked') }, setItem: () => { throw new Error('full') } }], // prettier-ignore
    ['rejects', { getItem: async () => Promise.reject(new Error('blocked')), setItem: async () => Promise.reject(new Error('full')) }], // prettier-ignore
    ['hangs', { getItem: hangs, setItem: hangs }],
  ])('(%s) costs the memory, not the events', async (_, storage) => {
    const { time, server } = scene()
    const app = startApp(time, server, { connect: { storage } })
    await time.advance(61_000)
    server.publishMany(3)
    await time.advance(31_000)
    expect(offsets(app)).toEqual([1001, 1002, 1003])
    expect(app.client.status).toEqual({ state: 'live' })
    expect(app.lines.some((line) => line.includes('storage'))).toBe(true)
  })

  it('because its writes overtake each other still ends with the last offset', async () => {
    const { time, server } = scene()
    const kept = new MapStorage()
    let writes = 0
    const storage: Storage = {
      getItem: async (key) => kept.getItem(key),
      setItem: async (key, value) =>
        new Promise<void>((resolve) =>
          time.after('device', Math.max(10, 2_000 - 50 * ++writes), () => {
            kept.setItem(key, value)
            resolve()
          }),
        ),
    }
    await liveApp(time, server, { connect: { storage } })
    server.publishMany(10)
    await time.advance(10_000)
    const second = await liveApp(time, server, { connect: { storage: kept } })
    expect(offsets(second)).toEqual([])
  })
})

describe('tabs', () => {
  it('with one `localStorage` have distinct devices, and their cursors do not disturb each other', async () => {
    const { time, server } = scene()
    const storage = new MapStorage()
    const tab = async (tabStorage: MapStorage, slow = false): Promise<App> =>
      liveApp(time, server, {
        tabStorage,
        seed: devices++,
        connect: { storage },
        ...(slow && { handle: hangs }),
      })
    let devices = 1
    const [leftTab, rightTab] = [new MapStorage(), new MapStorage()]
    const left = await tab(leftTab)
    const right = await tab(rightTab, true)
    expect(left.client.device).not.toBe(right.client.device)
    server.publishMany(3)
    await time.advance(5_000)
    expect([offsets(left), offsets(right)]).toEqual([[1001, 1002, 1003], [1001]])

    // Both are reloaded; `pagehide` is all that they hear of it.
    for (const { environment } of [left, right]) environment.hint('hide')
    server.cut()
    const [leftAgain, rightAgain] = [await tab(leftTab), await tab(rightTab)]
    expect([leftAgain.client.device, rightAgain.client.device]).toEqual([
      left.client.device,
      right.client.device,
    ])
    expect([offsets(leftAgain), offsets(rightAgain)]).toEqual([[], [1001, 1002, 1003]])
  })

  it('that were duplicated, `sessionStorage` and all, have distinct devices, and both get every event', async () => {
    const { time, server } = scene()
    const session = new MapStorage()
    const left = await liveApp(time, server, { tabStorage: session, seed: 1 })
    server.publish()
    await time.advance(2_000)
    const right = await liveApp(time, server, { tabStorage: new MapStorage(session.entries), seed: 2 })
    expect(right.client.device).not.toBe(left.client.device)
    server.publishMany(2)
    await time.advance(2_000)
    expect([offsets(left), offsets(right)]).toEqual([
      [1001, 1002, 1003],
      [1002, 1003],
    ])
    expect(new Set(server.resumes.map(({ device }) => device)).size).toBe(2)
  })

  it('that are new start where the user’s other tabs are', async () => {
    const { time, server } = scene()
    const storage = new MapStorage()
    await liveApp(time, server, { tabStorage: new MapStorage(), connect: { storage } })
    server.publishMany(3)
    await time.advance(2_000)
    const fresh = await liveApp(time, server, { tabStorage: new MapStorage(), seed: 2, connect: { storage } })
    expect([fresh.refetches, offsets(fresh), fresh.client.offset]).toEqual([[], [], 1003])
  })
})

describe('two clients of one user in one page', () => {
  it('have a cursor and a device each, over a reload as well', async () => {
    const { time, server } = scene()
    const tabStorage = new MapStorage()
    const keys = new Set<string>()
    const slow = await liveApp(time, server, { tabStorage, keys, seed: 1, handle: hangs })
    const fast = await liveApp(time, server, { tabStorage, keys, seed: 2 })
    expect(fast.refetches).toEqual(['start'])
    expect(fast.client.device).not.toBe(slow.client.device)
    server.publishMany(3)
    await time.advance(5_000)
    expect([offsets(slow), offsets(fast)]).toEqual([[1001], [1001, 1002, 1003]])
    server.cut()
    const again = new Set<string>()
    const first = await liveApp(time, server, { tabStorage, keys: again, seed: 3 })
    const second = await liveApp(time, server, { tabStorage, keys: again, seed: 4 })
    expect([offsets(first), offsets(second)]).toEqual([[1001, 1002, 1003], []])
  })

  it('one after the other have the same', async () => {
    const { time, server } = scene()
    const tabStorage = new MapStorage()
    const keys = new Set<string>()
    const first = await liveApp(time, server, { tabStorage, keys, seed: 1 })
    first.client.close()
    server.publish()
    const second = await liveApp(time, server, { tabStorage, keys, seed: 2 })
    expect([offsets(second), second.refetches]).toEqual([[1001], []])
    expect(second.client.device).toBe(first.client.device)
  })

  it('with devices of their own do not see each other in one storage', async () => {
    const { time, server } = scene()
    const storage = new MapStorage()
    const as = async (device: string): Promise<App> => liveApp(time, server, { connect: { storage, device } })
    await as('left')
    server.publish()
    await time.advance(2_000)
    expect((await as('right')).refetches).toEqual(['start'])
    expect((await as('left')).refetches).toEqual([])
  })
})

describe('an app’s storage that is slow, beside the tab’s own', () => {
  it('takes nothing away from the tab when the client is closed meanwhile', async () => {
    const { time, server } = scene()
    const tabStorage = new MapStorage()
    const storage: Storage = {
      getItem: () => null,
      setItem: async () => new Promise<void>((resolve) => time.after('device', 5_000, resolve)),
    }
    const keys = new Set<string>()
    const first = await liveApp(time, server, { tabStorage, keys, seed: 1, connect: { storage } })
    await time.advance(10_000)
    server.publish()
    await time.advance(500)
    first.client.close()
    const second = await liveApp(time, server, { tabStorage, keys, seed: 2, connect: { storage } })
    expect(second.client.device).toBe(first.client.device)
    server.publishMany(3)
    await time.advance(20_000)
    expect([...tabStorage.entries.values()]).toEqual(['1004 '])
  })
})
