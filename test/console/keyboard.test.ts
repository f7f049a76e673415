import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../e2e/server-process.ts'
import { ConsolePage, PATIENCE, useBrowser } from './browser.ts'

useBrowser()

/** What has the focus, by its test id or text. */
async function focused({ page }: ConsolePage): Promise<string> {
  return page.evaluate(
    `(() => { const e = document.activeElement; return e.dataset.testid ?? (e.getAttribute('aria-label') || e.textContent) })()`,
  )
}

async function tabTo(console: ConsolePage, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused(console)) === name) return
    await console.page.keyboard.press('Tab')
  }
  expect.unreachable(`Tab never reaches ${name}`)
}

describe('without a mouse', () => {
  it('a session is completed, and a switch flipped on and off', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected: true })
    await tabTo(console, 'sessionId')
    await console.page.keyboard.type('s-1')
    await console.page.keyboard.press('Enter')
    await console.untilCount('student', 1)

    await tabTo(console, 'student-cut')
    await console.screenshot('focus-light-1280')
    await console.page.keyboard.press('Space')
    await console.untilStatus('student', 'polling', 'unreachable')
    await console.page.keyboard.press('Enter')
    await console.untilStatus('student', 'live')
    expect(await focused(console)).toBe('student-cut')
  })

  it('the first Tab offers to skip to the content', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    await console.page.keyboard.press('Tab')
    expect(await focused(console)).toBe('Skip to the content')
    await console.page.keyboard.press('Enter')
    await tabTo(console, 'sessionId')
    expect(await console.page.evaluate('document.activeElement.closest("main") !== null')).toBe(true)
  })

  it('what has the focus shows it', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server)
    const invisible: string[] = []
    const seen = new Set<string>()
    for (;;) {
      await console.page.keyboard.press('Tab')
      const name = await focused(console)
      const isAtEnd = await console.page.evaluate<boolean>('document.activeElement === document.body')
      if (isAtEnd || seen.has(name)) break
      seen.add(name)
      const style = `(() => { const e = document.activeElement.closest('label.segment') ?? document.activeElement; return getComputedStyle(e).outlineStyle })()`
      if ((await console.page.evaluate<string>(style)) === 'none') invisible.push(name)
    }
    expect(seen.size).toBeGreaterThan(15)
    expect(invisible).toEqual([])
  })
})

describe('a screen reader', () => {
  it('is told of events and of states', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { failuresAreExpected: true })
    const said = console.page.getByTestId('announcements')
    await console.get('sessionId').fill('s-9')
    await console.complete()
    await expect.poll(async () => said.textContent(), PATIENCE).toContain('Student: Session s-9 completed.')
    await console.flip('trainer', 'cut', true)
    await expect.poll(async () => said.textContent(), PATIENCE).toContain('Trainer: Polling.')
  })
})
