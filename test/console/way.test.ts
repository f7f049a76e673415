import { describe, expect, it } from 'vitest'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { publisherToken, tokenFor } from '../e2e/tokens.ts'
import { ConsolePage, PATIENCE, useBrowser } from './browser.ts'

useBrowser()

const failuresAreExpected = true

function recipient({ page }: ConsolePage, userId: string) {
  return page.locator(`[data-testid=way-recipient][data-user="${userId}"]`)
}

describe('the way of an event', () => {
  it('that both have applied goes from the publish to each device', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    await console.untilCount('trainer', 1)
    const [event] = await console.shown('trainer')
    await console.openWay('trainer')
    for (const user of ['trainer-1', 'student-1']) await console.untilReason(user, 'applied')

    expect(await console.get('way-id').getAttribute('title')).toBe(event!.id)
    expect(await console.get('way-type').textContent()).toBe('SESSION_COMPLETED')
    expect(await console.get('way-state').textContent()).toContain('logged')
    expect(await console.get('way-published').textContent()).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/)
    const trainer = recipient(console, 'trainer-1')
    const text = await trainer.textContent()
    expect(text).toContain(`named by trainerId, at offset ${event!.offset}; 1 connection found, pushed to 1`)
    expect(await trainer.getByTestId('meaning').textContent()).toContain('its handlers have returned')
    expect(await trainer.getByTestId('delivery').textContent()).toMatch(/^sent \d+ ms after the publish$/)
    expect(await trainer.getByTestId('applied-at').textContent()).toMatch(/ m?s after the publish$/)
    expect(await trainer.getByTestId('connected').textContent()).toBe('yes, now')
    const device = await console.get('trainer-device').textContent()
    expect(await trainer.getByTestId('way-device').getAttribute('data-device')).toBe(device)
    expect(await trainer.getByTestId('way-device').textContent()).toContain('trainer’s device 1')
  })

  it('to a student who is offline becomes applied before one’s eyes when they come back', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected })
    // Before that, nobody has heard of the student's device.
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.openWay('trainer')
    await console.untilReason('student-1', 'applied')

    await console.flip('student', 'offline', true)
    await console.untilStatus('student', 'offline', 'unreachable')
    await console.complete()
    await console.untilCount('trainer', 2)
    await console.openWay('trainer')
    await console.untilReason('trainer-1', 'applied')
    await console.untilReason('student-1', 'no_device_connected')
    const student = recipient(console, 'student-1')
    const badges = await student.getByTestId('reason').allTextContents()
    expect(badges).toEqual(['no device connected', 'not connected'])
    expect(await student.textContent()).toContain('0 connections found, none to push to')
    expect(await student.getByTestId('remedy').textContent()).toContain('open the app')
    await console.screenshot('way-offline-light-1280')

    await console.flip('student', 'offline', false)
    await console.untilReason('student-1', 'applied')
    await console.untilCount('student', 2)
    expect(await student.getByTestId('delivery').textContent()).toBe('not to this one')
    const said = console.page.getByTestId('announcements')
    await expect.poll(async () => said.textContent(), PATIENCE).toContain('student-1: applied.')
  })

  it('that the app’s handler threw at says so, with its words', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected })
    await console.flip('student', 'throw', true)
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.openWay('trainer')
    await console.untilReason('student-1', 'handler_threw')
    await console.untilReason('trainer-1', 'applied')
    const student = recipient(console, 'student-1')
    expect(await student.getByTestId('handler-error').textContent()).toMatch(
      /^threw after .*: Error: The switch of the console made the handler throw$/,
    )
    expect(await console.get('student-count').textContent()).toBe('0')
    await console.untilStatus('student', 'live')

    await console.flip('student', 'throw', false)
    await console.complete()
    await console.untilCount('student', 1)
  })

  it('is shown from the timeline as well, of an event that no side shows', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('studentId').fill('student-2')
    await console.get('trainerId').fill('trainer-2')
    await console.complete()
    const row = console.page.locator('.row[data-kind=published]')
    await row.getByTestId('row-open').click()
    await console.untilReason('student-2', 'never_seen')
    expect(await recipient(console, 'student-2').getByTestId('remedy').textContent()).toContain(
      'sub in the user’s token',
    )
  })

  it('of a device that connected later is that device’s, too', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.openWay('trainer')
    await console.untilReason('trainer-1', 'applied')
    await console.get('trainer-add-device').click()
    const devices = recipient(console, 'trainer-1').getByTestId('way-device')
    await expect.poll(async () => devices.count(), PATIENCE).toBe(2)
    const reasons = async () =>
      Promise.all((await devices.all()).map(async (device) => device.getAttribute('data-reason')))
    await expect.poll(reasons, PATIENCE).toEqual(['applied', 'applied'])
    expect((await devices.allTextContents()).join()).toContain('trainer’s device 2')
  })
})

describe('the panel', () => {
  it('is opened, left and come back from by keyboard', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.get('complete-several').click()
    await console.untilCount('student', 5)
    const focused = async () =>
      console.page.evaluate<string>('document.activeElement.dataset.testid ?? document.activeElement.id')
    const third = console.get('student-event').nth(2)
    const hasFocus = (place: string) => console.page.locator(`${place}:has(:focus)`)
    await third.getByRole('button').press('Enter')
    await expect.poll(focused, PATIENCE).toBe('way-title')
    await console.untilReason('student-1', 'applied')
    expect(await third.getByRole('button').getAttribute('aria-current')).toBe('true')
    await console.page.keyboard.press('Tab')
    expect(await focused()).toBe('way-close')
    await console.page.keyboard.press('Escape')
    await console.get('way').waitFor({ state: 'detached' })
    const back = hasFocus('[data-testid=student-event]')
    expect(await back.getAttribute('data-offset')).toBe(await third.getAttribute('data-offset'))

    const row = console.page.locator('.row[data-kind=published]').first()
    await row.getByTestId('row-open').press('Enter')
    await console.get('way').waitFor()
    await console.get('way-close').press('Enter')
    await console.get('way').waitFor({ state: 'detached' })
    expect(await hasFocus('.row').textContent()).toBe(await row.textContent())
  })

  it('moves nothing of the page: not when it opens, not when it closes', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    await console.untilCount('student', 1)
    const places = async () =>
      console.page.evaluate<string>(
        `JSON.stringify([...document.querySelectorAll('.backend, .pane, .timeline, .event')].map((e) => e.getBoundingClientRect()))`,
      )
    for (const width of [1280, 800, 390]) {
      await console.page.setViewportSize({ width, height: 800 })
      await console.get('student-open').scrollIntoViewIfNeeded()
      const before = await places()
      await console.openWay('student')
      await console.untilReason('student-1', 'applied')
      expect(await places()).toBe(before)
      await console.get('way-close').click()
      await console.get('way').waitFor({ state: 'detached' })
      expect(await places()).toBe(before)
    }
  })

  it('asks no more once it is closed', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    await console.untilCount('student', 1)
    let asked = 0
    console.page.on('request', (request) => {
      if (request.url().includes('/receipt')) asked++
    })
    await console.openWay('student')
    await expect.poll(() => asked, PATIENCE).toBeGreaterThan(3)
    await console.get('way-close').click()
    await console.get('way').waitFor({ state: 'detached' })
    const before = asked
    // What would have poked it.
    await console.get('complete-several').click()
    await console.untilCount('student', 6)
    await console.get('trainer-add-device').click()
    await console.page.locator('[data-testid=trainer-other] [data-state=live]').waitFor()
    expect(asked).toBe(before)
  })
})

describe('a user who is disconnected', () => {
  it('is back by themselves with a fresh token, on all devices, and misses nothing', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected })
    await console.get('student-add-device').click()
    await console.page.locator('[data-testid=student-other] [data-state=live]').waitFor()
    await console.get('student-disconnect').click()
    const rows = async (kind: string) =>
      console.page.locator(`.row[data-actor=student][data-kind=${kind}]`).allTextContents()
    await expect
      .poll(async () => (await rows('switch')).join(), PATIENCE)
      .toContain('disconnected by an administrator: 2 connections closed')
    await expect.poll(async () => (await rows('trouble')).join(), PATIENCE).toContain('disconnected: ')
    await expect.poll(async () => (await rows('renewed')).length, PATIENCE).toBeGreaterThanOrEqual(2)
    await console.complete()
    await console.untilStatus('student', 'live')
    await console.untilCount('student', 1)
    await console.page.locator('[data-testid=student-other] [data-state=live]').waitFor()
    await console.untilStatus('trainer', 'live')
  })
})

describe('with pasted tokens', () => {
  const open = async (withAdmin: boolean) => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const target = deploymentOf(server)
    const console = await ConsolePage.open(server, { failuresAreExpected })
    await console.get('token-trainer').fill(tokenFor(target, 'anna'))
    await console.get('token-student').fill(tokenFor(target, 'ben'))
    await console.get('token-publishing').fill(publisherToken(target))
    if (withAdmin) {
      await console.get('token-admin').fill(tokenFor(target, 'operator', { scope: 'events:admin' }))
    }
    await console.get('connect').click()
    await console.untilStatus('student', 'live')
    await console.complete()
    await console.untilCount('student', 1)
    return console
  }

  it('one with the scope events:admin shows the way; a disconnected user has to sign in again', async () => {
    const console = await open(true)
    await console.openWay('student')
    await console.untilReason('ben', 'applied')
    await console.get('student-disconnect').click()
    await expect
      .poll(async () => console.get('student-status').getAttribute('data-reason'), PATIENCE)
      .toBe('unauthorized')
    expect(await console.get('student-meaning').textContent()).toContain('sign in again')
  })

  it('without one the page says what is missing', async () => {
    const console = await open(false)
    await console.get('student-open').click()
    const trouble = console.get('way-trouble')
    await expect
      .poll(async () => trouble.textContent(), PATIENCE)
      .toContain('no token with the scope events:admin was pasted')
    await console.get('student-disconnect').click()
    await expect
      .poll(async () => (await console.timeline()).join(), PATIENCE)
      .toContain('not disconnected: no token with the scope events:admin')
    await console.untilStatus('student', 'live')
  })
})
