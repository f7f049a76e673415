import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { publish } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { publisherToken, tokenFor } from '../e2e/tokens.ts'
import { ConsolePage, newContext, PATIENCE, useBrowser } from './browser.ts'

useBrowser()

describe('a server with keys of its own', () => {
  it('has tokens pasted, with which everything works', async () => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const target = deploymentOf(server)
    const console = await ConsolePage.open(server)
    await console.get('token-trainer').fill(tokenFor(target, 'anna'))
    await console.screenshot('tokens-light-1280')
    expect(await console.violations()).toEqual([])
    await console.get('token-student').fill('no token')
    await console.get('connect').click()
    expect(await console.page.getByRole('alert').textContent()).toContain(
      'The student’s token is no JSON Web Token',
    )
    await console.get('token-student').fill(tokenFor(target, 'ben'))
    await console.get('token-publishing').fill(publisherToken(target))
    await console.get('connect').click()
    for (const role of ['trainer', 'student'] as const) await console.untilStatus(role, 'live')
    expect(await console.get('trainer-user').textContent()).toBe('anna')
    await console.complete()
    await console.untilCount('trainer', 1)
    await console.untilCount('student', 1)
    expect(await console.get('student-expire').isDisabled()).toBe(true)
  })

  it('may be looked at without a token for publishing', async () => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const target = deploymentOf(server)
    const console = await ConsolePage.open(server, { width: 360, height: 740, theme: 'dark' })
    await console.screenshot('tokens-dark-360')
    expect(await console.violations()).toEqual([])
    await console.get('token-trainer').fill(tokenFor(target, 'anna'))
    await console.get('token-student').fill(tokenFor(target, 'ben'))
    await console.get('connect').click()
    await console.untilStatus('student', 'live')
    await publish(target, { type: 'SESSION_COMPLETED', timestamp: 1, sessionId: 's', studentId: 'ben' })
    await console.untilCount('student', 1)
    await console.complete()
    await expect
      .poll(async () => console.get('outcome').textContent(), PATIENCE)
      .toContain('no token for publishing was pasted')
  })
})

describe('the name under which the page was opened', () => {
  it('may be another one of this machine', async () => {
    const server = await ServerProcess.forTest()
    const console = await ConsolePage.live(server, { url: server.httpUrl.replace('127.0.0.1', 'localhost') })
    await console.complete()
    await console.untilCount('student', 1)
  })
})

describe('ALLOWED_ORIGINS', () => {
  it('without the page’s own leaves it to polling, and the page says why', async () => {
    const server = await ServerProcess.forTest({ ALLOWED_ORIGINS: 'https://app.example.com' })
    const console = await ConsolePage.open(server, { failuresAreExpected: true })
    expect(await console.get('notice').textContent()).toContain(`ALLOWED_ORIGINS lacks ${server.httpUrl}`)
    await console.untilStatus('student', 'polling', 'unreachable')
    await console.complete()
    await console.untilCount('student', 1)
    expect(await console.shown('student')).toMatchObject([{ via: 'poll' }])
    expect(await console.violations()).toEqual([])
    await console.screenshot('refused-origin-light-1280')
  })
})

describe('a page of another origin', () => {
  it('gets no token, whatever it tries', async () => {
    const server = await ServerProcess.forTest()
    const foreign = createServer((_, response) => {
      response.end('<!doctype html><title>foreign</title>')
    })
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      foreign.close()
    })
    const page = await (await newContext()).newPage()
    const attempt = async (init: string): Promise<string> =>
      page.evaluate(`fetch('${server.httpUrl}/console/token', ${init}).then((r) => r.text(), String)`)
    const body = `body: JSON.stringify({ userId: 'trainer-1', expiresIn: 60 })`
    const json = `{ method: 'POST', headers: { 'content-type': 'application/json' }, ${body} }`

    // The same from the console's own page works, or this test would prove nothing.
    await page.goto(server.httpUrl)
    expect(await attempt(json)).toMatch(/^\{"token":"ey/)

    for (const host of ['127.0.0.1', 'localhost']) {
      await page.goto(`http://${host}:${(foreign.address() as AddressInfo).port}`)
      for (const init of [
        json,
        `{ method: 'POST', ${body} }`,
        `{ method: 'POST', mode: 'no-cors', ${body} }`,
      ]) {
        expect(await attempt(init)).not.toContain('"token"')
      }
    }
  })
})
