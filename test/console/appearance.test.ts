import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { ConsolePage, PATIENCE, useBrowser } from './browser.ts'

useBrowser()

const THEMES = ['light', 'dark'] as const
const WIDTHS = [1280, 800, 360] as const
const LOOKS = THEMES.flatMap((theme) => WIDTHS.map((width) => ({ theme, width })))

/** The way of an event lies over the page, which does not become wider by it. */
const FITS = `[...document.querySelectorAll('.way-body')].every((way) => way.scrollWidth <= way.clientWidth)`

/** Of a journey with six looks at each of its stations. */
const LONG_MS = 180_000

/** In both themes, at all widths. */
async function look(console: ConsolePage, name: string, scroll = 'undefined'): Promise<void> {
  for (const { theme, width } of LOOKS) {
    const where = `${name}-${theme}-${width}`
    await console.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await console.page.setViewportSize({ width, height: width === 360 ? 740 : 800 })
    await console.page.evaluate(scroll)
    await console.screenshot(where)
    expect(await console.violations(), where).toEqual([])
    expect(await console.overflow(), where).toBe(0)
    expect(await console.page.evaluate(FITS), where).toBe(true)
  }
}

describe('in both themes, at all widths', () => {
  it(
    'every state is accessible, and fits',
    async () => {
      const server = await ServerProcess.forTest()
      const console = await ConsolePage.live(server, { failuresAreExpected: true })
      await look(console, 'empty')

      await console.get('complete-several').click()
      await console.get('student-add-device').click()
      await console.untilCount('student', 5)
      await console.page.locator('[data-testid=student-other] [data-state=live]').waitFor()
      await look(console, 'live')

      await console.flip('student', 'cut', true)
      await console.flip('trainer', 'offline', true)
      await console.untilStatus('student', 'polling', 'unreachable')
      await console.untilStatus('trainer', 'offline', 'unreachable')
      await console.complete()
      await console.untilCount('student', 6)
      await look(console, 'polling-and-offline')

      await console.flip('trainer', 'offline', false)
      await console.flip('trainer', 'expire', true)
      await console.page.locator('[data-testid=trainer-status][data-reason=unauthorized]').waitFor()
      await console.page.getByText('Cancel a session, or').click()
      await console.get('cancel-last').click()
      await console.get('with-log').check()
      await look(console, 'unauthorized-and-details')
    },
    LONG_MS,
  )

  it(
    'the way of an event is accessible, and fits',
    async () => {
      const server = await ServerProcess.forTest()
      const console = await ConsolePage.live(server, { failuresAreExpected: true })
      await console.get('student-add-device').click()
      await console.page.locator('[data-testid=student-other] [data-state=live]').waitFor()
      await console.complete()
      await console.untilCount('trainer', 1)
      // Its device is known to the server from then on.
      await console.openWay('trainer')
      await console.untilReason('trainer-1', 'applied')
      await console.get('way-close').click()
      await console.flip('trainer', 'offline', true)
      await console.untilStatus('trainer', 'offline', 'unreachable')
      await console.flip('student', 'throw', true)
      await console.complete()
      const published = console.page.locator('.row[data-kind=published] .row-open')
      await expect.poll(async () => published.count(), PATIENCE).toBe(2)
      await published.first().click()
      await console.untilReason('student-1', 'handler_threw')
      await console.untilReason('trainer-1', 'no_device_connected')
      await look(console, 'way')
      await look(console, 'way-end', `document.querySelector('.way-body').scrollTop = 1e6`)
    },
    LONG_MS,
  )

  it(
    'long names fit as well',
    async () => {
      const server = await ServerProcess.forTest()
      const console = await ConsolePage.live(server)
      const name = 'auth0|'.padEnd(128, '0123456789abcdef')
      await console.page.getByRole('button', { name: 'Change the student’s user' }).click()
      await console.page.getByRole('textbox', { name: 'User id of the student' }).fill(name)
      await console.page.keyboard.press('Enter')
      await console.get('sessionId').fill('A session with a rather long name of its own '.repeat(2).trim())
      await console.complete()
      await console.untilCount('trainer', 1)
      await console.untilCount('student', 1)
      await look(console, 'long-names')
      await console.openWay('student')
      await console.untilReason(name, 'applied')
      await look(console, 'long-names-way')
    },
    LONG_MS,
  )
})

describe('the colours', () => {
  const ground = async ({ page }: ConsolePage): Promise<string> =>
    page.evaluate('getComputedStyle(document.documentElement).backgroundColor')

  it('are the system’s until others are chosen, which is remembered', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { theme: 'dark' })
    const dark = await ground(console)
    await console.page.emulateMedia({ colorScheme: 'light' })
    const light = await ground(console)
    expect(light).not.toBe(dark)

    await console.get('theme-dark').check({ force: true })
    expect(await ground(console)).toBe(dark)
    await console.page.reload()
    expect(await ground(console)).toBe(dark)
    expect(await console.get('theme-dark').isChecked()).toBe(true)

    await console.get('theme-system').check({ force: true })
    expect(await ground(console)).toBe(light)
  })
})

describe('motion', () => {
  it('is there, unless the user wants none', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.complete()
    await console.untilCount('trainer', 1)
    const animation = `getComputedStyle(document.querySelector('.event')).animationName`
    expect(await console.page.evaluate(animation)).toBe('none')
    await console.page.emulateMedia({ reducedMotion: 'no-preference' })
    expect(await console.page.evaluate(animation)).toBe('arrive')
  })
})
