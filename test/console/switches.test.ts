import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { ConsolePage, PATIENCE, useBrowser } from './browser.ts'
import { expectWholeLog } from './logs.ts'

useBrowser()

/** What the browser itself says of refused requests is part of these tests. */
const failuresAreExpected = true

describe('a side whose socket is cut', () => {
  it('polls and still gets everything; with sockets again it is live, with nothing missing and nothing twice', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected })
    await console.complete()
    await console.untilCount('student', 1)

    await console.flip('student', 'cut', true)
    await console.untilStatus('student', 'polling', 'unreachable')
    await console.untilStatus('trainer', 'live')
    await console.complete()
    await console.complete()
    await console.untilCount('student', 3)
    expect((await console.shown('student')).map(({ via }) => via)).toEqual(['push', 'poll', 'poll'])
    expect((await console.shown('trainer')).map(({ via }) => via)).toEqual(['push', 'push', 'push'])
    await console.screenshot('polling-light-1280')

    await console.flip('student', 'cut', false)
    await console.untilStatus('student', 'live')
    await console.complete()
    await console.untilCount('student', 4)
    expect((await console.shown('student')).at(-1)).toMatchObject({ via: 'push' })
    for (const role of ['trainer', 'student'] as const) await expectWholeLog(console, server, role)
  })
})

describe('a side that is offline', () => {
  it('misses five events, and has all five once and in order when it is back', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected })
    await console.flip('trainer', 'offline', true)
    await console.untilStatus('trainer', 'offline', 'unreachable')
    await console.get('complete-several').click()
    await console.untilCount('student', 5)
    await console.untilCount('trainer', 0)
    expect(await console.get('trainer-meaning').textContent()).toContain('may be old')
    await console.screenshot('offline-light-1280')

    await console.flip('trainer', 'offline', false)
    await console.untilStatus('trainer', 'live')
    await console.untilCount('trainer', 5)
    for (const role of ['trainer', 'student'] as const) await expectWholeLog(console, server, role)
  })
})

describe('a side whose token has expired', () => {
  it('says that the user has to sign in, and is back with a good one', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected })
    await console.flip('student', 'expire', true)
    await server.logged('token refused', { reason: 'expired' })
    await expect
      .poll(async () => console.get('student-status').getAttribute('data-reason'), PATIENCE)
      .toBe('unauthorized')
    expect(await console.get('student-meaning').textContent()).toContain('sign in again')
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.untilCount('student', 0)
    await console.screenshot('unauthorized-light-1280')

    await console.flip('student', 'expire', false)
    await console.untilStatus('student', 'live')
    await expectWholeLog(console, server, 'student')
  })
})
