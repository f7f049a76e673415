import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { ConsolePage, PATIENCE, useBrowser } from './browser.ts'
import { expectWholeLog, logOf } from './logs.ts'

useBrowser()

describe('a completed session', () => {
  it('appears at the trainer’s and at the student’s, pushed', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('sessionId').fill('s-42')
    await console.complete()
    for (const role of ['trainer', 'student'] as const) {
      await console.untilCount(role, 1)
      await expectWholeLog(console, server, role)
      const [event, ...others] = await console.shown(role)
      expect(others).toEqual([])
      expect(event).toMatchObject({ via: 'push' })
      expect(await console.get(`${role}-events`).textContent()).toContain('Session s-42 completed')
      expect(await console.get(`${role}-offset`).textContent()).toBe(String(event!.offset))
    }
  })

  it('leaves its way in the timeline, with the offsets of the server’s answer', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('sessionId').fill('s-7')
    await console.complete()
    for (const role of ['trainer', 'student'] as const) await console.untilCount(role, 1)
    const [trainer, student] = await Promise.all(
      ['trainer-1', 'student-1'].map((user) => logOf(server, user)),
    )
    const notes = console.page.locator('.row[data-kind=published] .row-note')
    await expect
      .poll(async () => notes.allTextContents(), PATIENCE)
      .toEqual([
        `trainer-1 at ${trainer![0]!.offset}, pushed to 1 of 1`,
        `student-1 at ${student![0]!.offset}, pushed to 1 of 1`,
      ])
    const timeline = await console.timeline()
    for (const role of ['trainer', 'student']) {
      const own = timeline.filter((row) => row.startsWith(role) && !row.includes(' log '))
      expect(own).toEqual([
        `${role} resumed nothing new`,
        `${role} status Live`,
        `${role} pushed `,
        `${role} applied Session s-7 completed`,
      ])
    }
    await console.get('filter-trainer').click()
    expect((await console.timeline()).every((row) => row.startsWith('trainer'))).toBe(true)
    await console.get('with-log').check()
    expect((await console.timeline()).some((row) => row.startsWith('trainer log'))).toBe(true)
  })

  it('of other people appears with none of the two, and the page says so', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('trainerId').fill('trainer-2')
    await console.get('studentId').fill('student-2')
    expect(await console.get('outcome').textContent()).toContain('as trainer-2 or student-2')
    await console.complete()
    await expect
      .poll(async () => console.get('outcome').textContent(), PATIENCE)
      .toMatch(/trainer-2 at \d+, not connected/)
    await console.get('trainerId').fill('trainer-1')
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.untilCount('student', 0)
    await expectWholeLog(console, server, 'trainer')
  })

  it('appears on each device of a person, and on one that comes later', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('trainer-add-device').click()
    const other = console.get('trainer-other')
    await expect.poll(async () => other.locator('.badge').getAttribute('data-state'), PATIENCE).toBe('live')
    await console.complete()
    await expect.poll(async () => other.textContent(), PATIENCE).toContain('1 event')
    await console.untilCount('trainer', 1)
    await expect
      .poll(async () => console.get('outcome').textContent(), PATIENCE)
      .toContain('pushed to 2 of 2')
    await console.get('trainer-add-device').click()
    await expect.poll(async () => other.nth(1).textContent(), PATIENCE).toContain('1 event')
    await other.first().getByRole('button').click()
    expect(await other.count()).toBe(1)
  })

  it('is still there after the page is loaded again', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('complete-several').click()
    await console.untilCount('student', 5)
    await console.page.reload()
    for (const role of ['trainer', 'student'] as const) await expectWholeLog(console, server, role)
    expect((await console.shown('student')).map(({ via }) => via)).toEqual(Array(5).fill('resume'))
    expect(await console.timeline()).toContain('student applied 5 events')
  })
})

describe('any other event', () => {
  it('may be published: a session is cancelled', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('sessionId').fill('s-8')
    await console.complete()
    await console.untilCount('student', 1)
    await console.page.getByText('Cancel a session, or').click()
    await console.get('cancel-last').click()
    await console.get('publish-json').click()
    await console.untilCount('student', 2)
    expect(await console.get('student-events').textContent()).toContain('Session s-8 cancelled')
  })

  it('is refused by the page if it is no JSON, by the server if it concerns nobody', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected: true })
    await console.page.getByText('Cancel a session, or').click()
    await console.get('json').fill('{"type":')
    await console.get('publish-json').click()
    expect(await console.page.locator('#json-wrong').textContent()).toContain('This is not JSON')
    await console.get('json').fill('[1]')
    await console.get('publish-json').click()
    expect(await console.page.locator('#json-wrong').textContent()).toContain('a JSON object')
    await console.get('json').fill('{"type":"NOBODY","timestamp":1}')
    await console.get('publish-json').click()
    await expect
      .poll(async () => console.get('outcome').textContent(), PATIENCE)
      .toMatch(/^Not published: 422 /)
    expect(await console.page.locator('#json-wrong').textContent()).toBe('')
  })
})

describe('another user', () => {
  it('may sign in, and sees their own log alone', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.page.getByRole('button', { name: 'Change the trainer’s user' }).click()
    await console.page.getByRole('textbox', { name: 'User id of the trainer' }).fill('trainer-2')
    await console.page.keyboard.press('Enter')
    await console.untilStatus('trainer', 'live')
    await console.untilCount('trainer', 0)
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.untilCount('student', 2)
  })

  it('need not: Escape takes it back, and the focus is where it was', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    const change = console.page.getByRole('button', { name: 'Change the trainer’s user' })
    const focused = async (): Promise<string | null> =>
      console.page.locator(':focus').getAttribute('aria-label')
    await change.press('Enter')
    expect(await focused()).toBe('User id of the trainer')
    await console.page.keyboard.press('Escape')
    await expect.poll(focused, PATIENCE).toBe('Change the trainer’s user')
  })
})
