import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { ConsolePage, PATIENCE, useBrowser } from './browser.ts'

useBrowser()

function recipient({ page }: ConsolePage, userId: string) {
  return page.locator(`[data-testid=way-recipient][data-user="${userId}"]`)
}

describe('the people of an event', () => {
  it('begin with the one from whose list, or line, it was opened', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    for (const role of ['trainer', 'student'] as const) await console.untilCount(role, 1)
    const users = async () => {
      const all = await console.get('way-recipient').all()
      return Promise.all(all.map(async (one) => one.getAttribute('data-user')))
    }
    const studentFirst = ['student-1', 'trainer-1']
    await console.openWay('student')
    expect(await users()).toEqual(studentFirst)
    const scrolled = async () =>
      console.page.evaluate<number>(`document.querySelector('.way-body').scrollTop`)
    await console.page.evaluate(`document.querySelector('.way-body').scrollTop = 1e6`)
    expect(await scrolled()).toBeGreaterThan(0)
    await console.get('trainer-open').click()
    await expect.poll(users, PATIENCE).toEqual(studentFirst.toReversed())
    expect(await scrolled()).toBe(0)
    await console.get('way-close').click()

    const line = console.page.locator('.row[data-actor=student][data-kind=applied]')
    await line.getByTestId('row-open').click()
    await expect.poll(users, PATIENCE).toEqual(studentFirst)
  })
})

describe('devices of earlier loads', () => {
  it('take one line, which can be opened', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    await console.untilCount('student', 1)
    await console.openWay('student')
    for (let load = 1; load <= 2; load++) {
      // A device is known to the server once it has acknowledged something.
      await console.untilReason('student-1', 'applied')
      await console.untilReason('trainer-1', 'applied')
      const own = console.page.getByTestId('way-device').filter({ hasText: '’s device 1' })
      const reasons = async () =>
        Promise.all((await own.all()).map(async (device) => device.getAttribute('data-reason')))
      await expect.poll(reasons, PATIENCE).toEqual(['applied', 'applied'])
      await console.page.reload()
      await console.untilCount('student', 1)
      await console.openWay('student')
    }
    await console.get('way-close').click()
    await console.complete()
    await console.untilCount('student', 2)
    await console.openWay('student')
    const student = recipient(console, 'student-1')
    const line = student.getByTestId('way-away').locator('summary')
    await expect.poll(async () => line.textContent(), PATIENCE).toBe('2 other devices, not connected')
    const seen = async () => student.locator('[data-testid=way-device]:visible').count()
    expect(await seen()).toBe(1)
    await line.press('Enter')
    await expect.poll(seen, PATIENCE).toBe(3)
    const badges = student.getByTestId('way-away').getByTestId('reason')
    expect(await badges.allTextContents()).toEqual(['not connected', 'not connected'])
  })
})

describe('an id of 64 digits', () => {
  const { id, ...fields } = {
    id: '0123456789abcdef'.repeat(4),
    type: 'SESSION_COMPLETED',
    timestamp: 1,
    sessionId: 's-9',
    studentId: 'student-1',
  }
  const openOne = async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.page.getByText('Cancel a session, or').click()
    await console.get('json').fill(JSON.stringify({ id, ...fields }))
    await console.get('publish-json').click()
    await console.untilCount('student', 1)
    expect(await console.get('student-event').textContent()).not.toContain('undefined')
    await console.openWay('student')
    expect(await console.get('way-id').textContent()).toBe('0123456789ab…89abcdef')
    expect(await console.get('way-id').getAttribute('title')).toBe(id)
    return console
  }

  it('is short to read, and copied whole, by keyboard as well', async () => {
    const console = await openOne()
    const { page } = console
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy the event’s id' }).press('Enter')
    const said = page.getByTestId('announcements')
    await expect.poll(async () => said.textContent(), PATIENCE).toContain('The id is copied.')
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(id)
  })

  it('is shown whole where the browser lets nobody copy', async () => {
    const console = await openOne()
    await console.page.evaluate(
      `Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })`,
    )
    await console.get('way-copy').click()
    await expect.poll(async () => console.get('way-id').textContent(), PATIENCE).toBe(id)
  })
})
