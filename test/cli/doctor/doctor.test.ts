import { describe, expect, it } from 'vitest'
import { LINKS } from '../../../src/cli/doctor/link.ts'
import { deployment, SECRET } from '../../e2e/deployment.ts'
import { recent } from '../../e2e/http.ts'
import { inSeconds, tokenFor, unique } from '../../e2e/tokens.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { bridge, ended, logged } from '../bridge-command.ts'
import { run } from '../cli-process.ts'
import { examine } from './patient.ts'

const target = deployment()

const addresses = () => ['--url', target.httpUrl, '--ws-url', target.wsUrl]

describe('fanout doctor, where all is well', () => {
  it('tries every link, and each that exists holds', async () => {
    const redis = await RedisServer.forTest()
    const cli = bridge(['--to', target.httpUrl], { REDIS_URL: redis.url })
    await logged(cli, 'subscribed')
    const args = ['--redis', redis.url, '--origin', 'https://app.example.com']
    const { ok, links, failures, stderr } = await examine(target, args)
    expect({ ok, failures, stderr }).toEqual({ ok: true, failures: [], stderr: '' })
    expect(links.map(({ link }) => link)).toEqual(LINKS)
    const held = links.filter(({ status }) => status === 'ok').map(({ link }) => link)
    expect(held).toEqual(LINKS.filter((link) => link !== 'queue'))
    for (const { tried, came, ms } of links) {
      expect(tried).toMatch(/\w/)
      expect(came).toMatch(/\w/)
      expect(ms).toBeGreaterThanOrEqual(0)
    }
    await ended(cli)
  })

  it('brings an event through a stream as well', async () => {
    const redis = await RedisServer.forTest()
    const cli = bridge(['--from', 'stream', '--channel', 'sessions', '--to', target.httpUrl], {
      REDIS_URL: redis.url,
    })
    await expect.poll(async () => redis.client().keys('*lease*'), { timeout: 30_000 }).toHaveLength(1)
    const args = ['--from', 'stream', '--channel', 'sessions']
    const { of } = await examine(target, args, { REDIS_URL: redis.url })
    expect(of('redis_in')).toMatchObject({
      status: 'ok',
      came: expect.stringContaining('has a reader') as string,
    })
    await ended(cli)
  })

  it('tells people line by line, and ends with a sum', async () => {
    const { code, stdout, stderr } = await run(['doctor', ...addresses()], { env: { JWT_SECRET: SECRET } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const names = [...stdout.matchAll(/^(?:ok|skipped) +(\w+): .+ → .+$/gm)].map(([, name]) => name)
    expect(names).toEqual(LINKS)
    expect(stdout).toMatch(
      /\nEvery link that was tried holds: \d+ ok, 0 failed, 0 with a warning, \d+ skipped\.\n$/,
    )
  })

  it('says what it skips, and why', async () => {
    const { of } = await examine(target)
    expect(of('queue').came).toContain('there is no queue here')
    expect(of('origin').came).toContain('no --origin was given')
    expect(of('redis').came).toContain('no --redis was given')
    expect(of('redis_in').came).toBe('needs redis, which was skipped')
  })
})

describe('fanout doctor, with tokens that are given', () => {
  const given = (claims: object = {}) => {
    const users = [unique('trainer'), unique('student')] as const
    const readers = users.flatMap((user) => ['--reader-token', tokenFor(target, user)])
    const token = tokenFor(target, 'backend', { scope: 'events:publish', ...claims })
    const admin = tokenFor(target, 'admin', { scope: 'events:admin', ...claims })
    return { users, readers, token, admin }
  }

  it('is those users, and says that their logs get the events', async () => {
    const { users, readers, token, admin } = given()
    const args = [...readers, '--token', token, '--admin-token', admin]
    const { ok, stderr } = await examine(target, args, { JWT_SECRET: '' })
    expect(ok).toBe(true)
    expect(stderr).toMatch(
      /^fanout: reader tokens were given, so the synthetic events go into the logs of their users.+\n$/,
    )
    for (const user of users) {
      const { events } = await recent(target, user)
      expect(events[0]?.event).toMatchObject({
        type: 'FANOUT_DOCTOR',
        trainerId: users[0],
        studentId: users[1],
      })
    }
  })

  it('takes them from the environment as well', async () => {
    const { readers, token, admin } = given()
    const { ok, of } = await examine(target, [], {
      JWT_SECRET: '',
      FANOUT_READER_TOKEN: readers[1]!,
      FANOUT_READER_TOKEN_2: readers[3]!,
      FANOUT_TOKEN: token,
      FANOUT_ADMIN_TOKEN: admin,
    })
    expect(ok).toBe(true)
    expect(of('receipt').status).toBe('ok')
  })

  it('skips what has no token, and makes none from a secret that lies around', async () => {
    const { readers } = given()
    const { ok, of } = await examine(target, readers)
    expect(ok).toBe(true)
    expect(of('publisher_token')).toMatchObject({
      status: 'skipped',
      came: expect.stringContaining('--token') as string,
    })
    expect(of('admin_token').came).toContain('--admin-token')
    expect(of('publish').came).toBe('needs publisher_token, which was skipped')
    expect(of('polling')).toMatchObject({ status: 'ok', came: 'a page each' })
    expect(of('handshake_header').status).toBe('ok')
  })

  it('publishes at least, with a publisher’s token alone', async () => {
    const { token } = given()
    const { ok, of } = await examine(target, ['--token', token], { JWT_SECRET: '' })
    expect(ok).toBe(true)
    expect(of('publish').status).toBe('ok')
    expect(of('push').status).toBe('skipped')
    expect(of('reader_tokens')).toMatchObject({
      status: 'skipped',
      came: expect.stringContaining('--reader-token') as string,
    })
  })

  it('never prints one', async () => {
    const { readers, token, admin } = given()
    const [first = ''] = tokenFor(target, 'x').split('.')
    const args = ['doctor', ...addresses(), ...readers, '--token', token, '--admin-token', admin]
    const { stdout, stderr } = await run(args)
    expect(stdout).toContain('ok        receipt')
    expect(stdout + stderr).not.toContain(first)
  })

  it('names tokens that are refused', async () => {
    const strange = { ...target, secret: `not ${SECRET}` }
    const readers = ['a', 'b'].flatMap((user) => ['--reader-token', tokenFor(strange, user)])
    const { failures, of } = await examine(target, readers)
    expect(failures).toEqual([['reader_tokens', 'token_refused']])
    expect(of('handshake_header').came).toBe('needs reader_tokens, which failed')
  })

  it('names a token that has ended', async () => {
    const { readers } = given()
    const old = tokenFor(target, 'x', { exp: inSeconds(-60) })
    const { failures } = await examine(target, [...readers.slice(0, 3), old])
    expect(failures).toEqual([['reader_tokens', 'token_ended']])
  })

  it('names a scope that is missing', async () => {
    const { token, admin } = given({ scope: 'else' })
    const { failures, of } = await examine(target, ['--token', token, '--admin-token', admin])
    expect(failures).toEqual([
      ['publisher_token', 'scope_missing'],
      ['admin_token', 'scope_missing'],
    ])
    expect(of('receipt').status).toBe('skipped')
  })
})

describe('fanout doctor, that cannot begin,', () => {
  const good = (user: string) => tokenFor({ ...target, secret: SECRET }, user)

  it.each<[string, string[], RegExp]>([
    ['without any token', [], /there is no secret to sign with/],
    ['with one reader', ['--reader-token', good('a')], /there is 1 reader token; give two/],
    ['with the same reader twice', ['--reader-token', good('a'), good('a')], /of the same user/],
    ['with what is no token', ['--token', 'secret-words'], /--token cannot be used: it is no JSON Web Token/],
    ['without the other address', ['--url', 'http://127.0.0.1:1', '--token', good('a')], /--ws-url/],
    ['without the first address', ['--ws-url', 'ws://127.0.0.1:1', '--token', good('a')], /--url/],
    ['with what is no address', ['--url', 'nowhere', '--ws-url', 'ws://a'], /"nowhere" is not an address/],
    [
      'with what is no WebSocket’s',
      ['--url', 'http://a', '--ws-url', 'http://a'],
      /is not a WebSocket address/,
    ],
    [
      'with a password',
      ['--url', 'http://u:hunter2@a', '--ws-url', 'ws://a'],
      /http:\/\/a\/ was given with a user/,
    ],
    [
      'with a query',
      ['--url', 'http://a/?token=hunter2', '--ws-url', 'ws://a'],
      /http:\/\/a\/ was given with a query/,
    ],
    [
      'with a socket’s password',
      ['--url', 'http://a', '--ws-url', 'ws://u:hunter2@a/v1'],
      /ws:\/\/a\/v1 was given with/,
    ],
    [
      'with a socket’s token',
      ['--url', 'http://a', '--ws-url', 'ws://a/v1?token=hunter2'],
      /ws:\/\/a\/v1 was given with/,
    ],
    [
      'with a secret in what is no address',
      ['--url', 'a:hunter2@b', '--ws-url', 'ws://a'],
      /"…@b" is not an address/,
    ],
    ['with what is no origin', ['--origin', 'https://a/b'], /--origin is "https:\/\/a\/b"/],
    ['with what is no duration', ['--timeout', 'soon'], /"soon" is not a duration/],
    ['with no time', ['--deadline', '0'], /--deadline is "0"; it must be/],
    ['with what is no Redis', ['--redis', 'http://a', '--token', good('a')], /--redis is "http:\/\/a"/],
    ['with an option that does not exist', ['--nothing'], /unknown option '--nothing'/],
  ])('%s, says so and ends with 2', async (_, args, message) => {
    const { code, stdout, stderr } = await run(['doctor', '--json', ...args], {
      env: { DATA_DIR: '/nonexistent' },
    })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/secret-words|hunter2/)
  })

  it('or that is asked for help, ends as it should', async () => {
    const { code, stdout } = await run(['doctor', '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('--ws-url')
  })
})
