import { describe, expect, it } from 'vitest'
import { deployment } from '../../e2e/deployment.ts'
import { recentAnswer } from '../../e2e/http.ts'
import { inSeconds, tokenFor, unique } from '../../e2e/tokens.ts'
import { run } from '../cli-process.ts'
import { applied, fanout } from './event.ts'

const target = deployment()

const TIME = String.raw`20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC`

describe('fanout status', () => {
  it('tells of a user’s log, connections and devices', async () => {
    const { event, published, phone } = await applied(target)
    const { offset } = published.recipients[0]!
    phone.send({ action: 'report', offset, error: 'TypeError: session is undefined' })
    await phone.arrived()
    const read = async () => fanout(target, ['status', '--user', event.trainerId])
    await expect.poll(async () => (await read()).stdout, { timeout: 30_000 }).toContain('its handler failed')
    const { code, stdout, stderr } = await read()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = [
      event.trainerId,
      `  log: head ${offset}, the newest event is of ${TIME}`,
      `  last seen ${TIME}`,
      '  1 connection open',
      `    \\S+, device phone: since ${TIME}, its token ends ${TIME}; last active ${TIME}`,
      '  1 device known',
      `    phone: acknowledged up to ${offset} at ${TIME}, 0 behind the head; last told anything about ${TIME}`,
      `      its handler failed at offset ${offset}, ${TIME}: TypeError: session is undefined`,
    ]
    expect(stdout).toMatch(new RegExp(`^${lines.join('\n')}\n$`))
  })

  it('tells of somebody who was never there', async () => {
    const { code, stdout } = await fanout(target, ['status', '--user', unique('nobody')])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /\n {2}log: head \d+, no event is kept\n {2}never seen\n {2}0 connections open\n {2}0 devices known\n$/,
    )
  })

  it('with --json prints the server’s answer as it is', async () => {
    const userId = unique('nobody')
    const { stdout } = await fanout(target, ['status', '--user', userId, '--json'])
    expect(JSON.parse(stdout)).toEqual({
      userId,
      head: expect.any(Number) as number,
      connections: [],
      devices: [],
    })
  })
})

describe.each(['status', 'disconnect'])('fanout %s', (command) => {
  it.each(['.', '..'])('refuses the user %s, which would be a step in the path', async (user) => {
    const { code, stdout, stderr } = await fanout(target, [command, '--user', user])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: the user "\.\.?" cannot be asked for: .+\n$/)
  })
})

describe('fanout disconnect', () => {
  it('closes the connections, refuses the tokens, and says so', async () => {
    const { event, phone } = await applied(target)
    const { code, stdout, stderr } = await fanout(target, ['disconnect', '--user', event.trainerId])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      new RegExp(
        `^${event.trainerId} is disconnected: 1 connection closed\\.\nTokens issued before ${TIME} are refused; .+\n$`,
      ),
    )
    await phone.closed
    expect((await recentAnswer(target, event.trainerId)).status).toBe(401)
    const status = await fanout(target, ['status', '--user', event.trainerId])
    expect(status.stdout).toMatch(
      new RegExp(`\n {2}disconnected: tokens issued before ${TIME} are refused\n`),
    )
  })

  it('with --json prints the server’s answer as it is', async () => {
    const { stdout } = await fanout(target, ['disconnect', '--user', unique('nobody'), '--json'])
    expect(JSON.parse(stdout)).toEqual({ notBefore: expect.any(Number) as number, closed: 0 })
  })
})

describe.each([
  ['trace', ['trace', 'e']],
  ['status', ['status', '--user', 'u']],
  ['disconnect', ['disconnect', '--user', 'u']],
])('fanout %s', (_, args) => {
  const fails = async (
    message: RegExp,
    more: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) => {
    const { code, stdout, stderr } = await run([...args, '--url', target.httpUrl, ...more], { env })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: .+\n$/)
    expect(stderr).toMatch(message)
  }

  it('says what is wrong with a token, and takes it from where it should', async () => {
    const claims = { scope: 'events:publish', exp: inSeconds(60) }
    const unscoped = tokenFor(target, 'u', claims)
    await fails(/lacks the scope events:admin \(403\); give one that has it, --token or FANOUT_ADMIN_TOKEN/, [
      '--token',
      unscoped,
    ])
    await fails(/lacks the scope/, [], { FANOUT_ADMIN_TOKEN: unscoped, JWT_SECRET: target.secret })
    await fails(/refused the token \(401\), its log says why; .*JWT_SECRET/, ['--token', 'x'], {
      FANOUT_ADMIN_TOKEN: tokenFor(target, 'u', { scope: 'events:admin' }),
    })
    await fails(/there is no secret to sign with/, [], { DATA_DIR: '/nonexistent' })
  })

  it('says where nobody answers, and what is no address', async () => {
    const token = ['--token', 't']
    await fails(/no answer from http:\/\/127\.0\.0\.1:9 /, [...token, '--url', 'http://127.0.0.1:9'])
    await fails(/"nowhere" is not an address/, [...token, '--url', 'nowhere'])
    for (const url of [
      'http://u:hunter2@127.0.0.1:9',
      'http://127.0.0.1:9/?token=hunter2',
      'u:hunter2@a?hunter2',
    ])
      await fails(/^(?!.*hunter2)fanout: .* (leave it out|is not an address)/, [...token, '--url', url])
  })
})
