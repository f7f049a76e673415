import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest'
import { root, type ServerProcess } from '../e2e/server-process.ts'

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const SCREENSHOTS = join(root, 'test-results/console')

/** A poll of a condition gives up after so long, in milliseconds: a server restarts, a client pauses up to 30 s between tries. */
export const PATIENCE = { timeout: 45_000, interval: 50 }

let browser: Browser | undefined

/** One browser for the tests of a file. Without one they fail: what was not looked at is not known to work. */
export function useBrowser(): void {
  // Axe takes seconds for a page, and every look at it may have to wait for a client's pause.
  vi.setConfig({ testTimeout: 180_000 })
  beforeAll(async () => {
    if (!existsSync(EXECUTABLE)) {
      throw new Error(
        `there is no Chromium at ${EXECUTABLE}: install it (Debian: "apt-get install chromium"), or set CHROMIUM to its path`,
      )
    }
    if (!existsSync(join(root, 'dist/console/index.html'))) {
      throw new Error('dist/console is not there: run "npm run build" first')
    }
    mkdirSync(SCREENSHOTS, { recursive: true })
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] })
  })
  afterAll(async () => browser?.close())
}

export interface Opened {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** Instead of the server's own URL. */
  readonly url?: string
  /** The browser says so itself on its console if a request fails, the client if a handler does: where that is the test, it is no mistake of the page. */
  readonly failuresAreExpected?: boolean
}

export type Role = 'trainer' | 'student'

export interface Shown {
  readonly offset: number
  readonly id: string
  readonly via: string
}

/** The console in a tab, as whoever looks at it sees it. */
export class ConsolePage {
  readonly page: Page
  /** What should not have happened: errors of the page, and requests to elsewhere. */
  readonly mistakes: string[] = []

  private constructor(page: Page, server: ServerProcess, { failuresAreExpected = false }: Opened) {
    this.page = page
    const hosts = [server.httpUrl, server.wsUrl].map((url) => new URL(url).port)
    const check = (url: string): void => {
      if (url.startsWith('data:')) return
      const { hostname, port } = new URL(url)
      const isOwn = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) && hosts.includes(port)
      if (!isOwn) this.mistakes.push(`a request to ${url}`)
    }
    page.on('request', (request) => {
      check(request.url())
    })
    page.on('websocket', (socket) => {
      check(socket.url())
    })
    page.on('pageerror', (error) => this.mistakes.push(String(error)))
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return
      const isFailure =
        /^(Failed to load resource|WebSocket connection to|event-fanout: a handler of offset)/.test(
          message.text(),
        )
      if (!(isFailure && failuresAreExpected)) this.mistakes.push(message.text())
    })
  }

  /** Opens the console. At the end of the test nothing may have gone wrong in it. */
  static async open(server: ServerProcess, options: Opened = {}): Promise<ConsolePage> {
    const { width = 1280, height = 800, theme = 'light', url = server.httpUrl } = options
    const context = await newContext({
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: 'reduce',
    })
    const opened = new ConsolePage(await context.newPage(), server, options)
    onTestFinished(() => {
      expect(opened.mistakes).toEqual([])
    })
    await opened.page.goto(url)
    return opened
  }

  /** Opens it, and waits until both sides are live. */
  static async live(server: ServerProcess, options: Opened = {}): Promise<ConsolePage> {
    const opened = await ConsolePage.open(server, options)
    for (const role of ['trainer', 'student'] as const) await opened.untilStatus(role, 'live')
    return opened
  }

  get(testId: string) {
    return this.page.getByTestId(testId)
  }

  async complete(): Promise<void> {
    await this.get('complete').click()
  }

  async flip(role: Role, name: 'cut' | 'offline' | 'expire' | 'throw', isOn: boolean): Promise<void> {
    const toggle = this.get(`${role}-${name}`)
    expect(await toggle.getAttribute('aria-checked')).toBe(String(!isOn))
    await toggle.click()
    await expect.poll(async () => toggle.getAttribute('aria-checked'), PATIENCE).toBe(String(isOn))
  }

  async untilStatus(role: Role, state: string, reason: string | null = null): Promise<void> {
    const badge = this.get(`${role}-status`)
    const shown = async () => [
      await badge.getAttribute('data-state'),
      await badge.getAttribute('data-reason'),
    ]
    await expect.poll(shown, PATIENCE).toEqual([state, reason])
  }

  async untilCount(role: Role, count: number): Promise<void> {
    await expect.poll(async () => this.get(`${role}-count`).textContent(), PATIENCE).toBe(String(count))
  }

  /** The events of a side, as its list shows them, the oldest first. */
  async shown(role: Role): Promise<Shown[]> {
    const more = this.page.locator(`[data-side=${role}] .events > button`)
    if ((await more.count()) > 0) await more.click()
    const items = await this.get(`${role}-event`).all()
    const read = items.map(async (item) => ({
      offset: Number(await item.getAttribute('data-offset')),
      id: (await item.getAttribute('data-id')) ?? '',
      via: (await item.getAttribute('data-via')) ?? '',
    }))
    return (await Promise.all(read)).reverse()
  }

  /** The timeline's rows, the oldest first, as `actor kind text`. */
  async timeline(): Promise<string[]> {
    const rows = await this.page.locator('.row').all()
    const read = rows.map(async (row) =>
      [
        await row.getAttribute('data-actor'),
        await row.getAttribute('data-kind'),
        await row.locator('.row-text').textContent(),
      ].join(' '),
    )
    return (await Promise.all(read)).reverse()
  }

  /** Shows the way of the newest event of a side. */
  async openWay(role: Role): Promise<void> {
    await this.get(`${role}-open`).first().click()
    await this.get('way-recipient').first().waitFor()
  }

  /** What the panel says of one person, as soon as it is this reason. */
  async untilReason(userId: string, reason: string): Promise<void> {
    const recipient = this.page.locator(`[data-testid=way-recipient][data-user="${userId}"]`)
    await expect.poll(async () => recipient.getAttribute('data-reason'), PATIENCE).toBe(reason)
  }

  async screenshot(name: string): Promise<void> {
    await this.page.evaluate('scrollTo(0, 0)')
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
  }

  /** What axe-core finds, with the elements concerned. */
  async violations(): Promise<string[]> {
    // Evaluated by the debugger: the page's policy lets nobody else add code to it.
    await this.page.evaluate(`${axe.source};0`)
    const { violations } = await this.page.evaluate<{ violations: axe.Result[] }>('axe.run(document)')
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html} ${failureSummary}`),
    )
  }

  /** By how many pixels the page is wider than the window. */
  async overflow(): Promise<number> {
    return this.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  }
}

/** A browser profile of its own, gone when the test is over. */
export async function newContext(options: BrowserContextOptions = {}) {
  if (browser === undefined) throw new Error('call useBrowser() at the top of the file')
  const context = await browser.newContext(options)
  onTestFinished(async () => context.close())
  return context
}
