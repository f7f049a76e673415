import { describe, expect, it } from 'vitest'
import { deployment, SECRET } from '../../e2e/deployment.ts'
import { freePort, RedisServer } from '../../support/redis-server.ts'
import { bridge, ended } from '../bridge-command.ts'
import { examine } from './patient.ts'

const target = deployment()

const at = async (redis: string, args: readonly string[] = [], env = {}) =>
  examine(target, ['--redis', redis, ...args], env)

describe('fanout doctor names', () => {
  it('redis_unreachable, and where, where nothing listens', async () => {
    const url = `redis://:hunter2@127.0.0.1:${await freePort()}`
    const { failures, of, links } = await at(url)
    expect(failures).toEqual([['redis', 'redis_unreachable']])
    expect(of('redis').came).toMatch(/no connection to redis:\/\/127\.0\.0\.1:\d+ \(.*ECONNREFUSED/)
    expect(of('redis_in').came).toBe('needs redis, which failed')
    expect(of('push').status).toBe('ok')
    expect(JSON.stringify(links)).not.toContain('hunter2')
  })

  it('redis_unreachable where what listens is no Redis', async () => {
    const { failures } = await at(target.httpUrl.replace('http', 'redis'))
    expect(failures).toEqual([['redis', 'redis_unreachable']])
  })

  it('redis_unreachable with the reason, where it wants a password', async () => {
    const redis = await RedisServer.forTest('--requirepass', 'hunter2')
    const { failures, of } = await at(redis.url)
    expect(failures).toEqual([['redis', 'redis_unreachable']])
    expect(of('redis').came).toContain('NOAUTH')
    expect((await at(redis.url, [], { REDIS_PASSWORD: 'hunter2' })).of('redis').status).toBe('ok')
  })

  it('redis_nobody_listens on a channel without a subscriber', async () => {
    const redis = await RedisServer.forTest()
    const { failures, of } = await at(redis.url)
    expect(failures).toEqual([['redis_in', 'redis_nobody_listens']])
    expect(of('redis_in').came).toBe('Redis gave it to 0 subscribers of business-events')
  })

  it('redis_nobody_listens on another channel than that of the bridge', async () => {
    const redis = await RedisServer.forTest()
    await subscribed(redis, 'business-events')
    const { failures } = await at(redis.url, ['--channel', 'sessions'])
    expect(failures).toEqual([['redis_in', 'redis_nobody_listens']])
  })

  it('redis_nobody_listens at a stream that nobody reads, and leaves nothing in it', async () => {
    const redis = await RedisServer.forTest()
    const { failures } = await at(redis.url, ['--from', 'stream'])
    expect(failures).toEqual([['redis_in', 'redis_nobody_listens']])
    expect(await redis.client().exists('business-events')).toBe(0)
  })

  it('redis_message_lost where the subscriber is no bridge', async () => {
    const redis = await RedisServer.forTest()
    await subscribed(redis, 'business-events')
    const { failures, of } = await at(redis.url, ['--timeout', '3s'])
    expect(failures).toEqual([['redis_in', 'redis_message_lost']])
    expect(of('redis_in').came).toMatch(/^Redis gave it to 1 subscriber; not there after /)
  })

  it('redis_message_lost where the bridge’s server takes nothing', async () => {
    const redis = await RedisServer.forTest()
    const cli = bridge(['--from', 'stream', '--to', `http://127.0.0.1:${await freePort()}`], {
      REDIS_URL: redis.url,
    })
    await expect.poll(async () => redis.client().keys('*lease*'), { timeout: 30_000 }).toHaveLength(1)
    const { failures } = await at(redis.url, ['--from', 'stream', '--timeout', '3s'])
    expect(failures).toEqual([['redis_in', 'redis_message_lost']])
    await ended(cli, 'SIGKILL')
  })

  it('dead_letters as a warning, and how many', async () => {
    const redis = await RedisServer.forTest()
    await redis.client().xadd('business-events:dead', '*', 'message', '{')
    const { of } = await at(redis.url)
    expect(of('dead_letters')).toMatchObject({
      status: 'warning',
      cause: 'dead_letters',
      came: '1 in business-events:dead',
    })
  })

  it('the reason where nobody could see an event arrive', async () => {
    const redis = await RedisServer.forTest()
    const { of } = await examine(target, [], {
      REDIS_URL: redis.url,
      JWT_SECRET: `not ${SECRET}`,
    })
    expect(of('redis').status).toBe('ok')
    expect(of('redis_in').came).toBe('needs reader_tokens, which failed')
  })
})

async function subscribed(redis: RedisServer, channel: string): Promise<void> {
  await redis.client().subscribe(channel)
}
