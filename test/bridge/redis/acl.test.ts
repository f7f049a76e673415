/** What Redis has to allow the bridge's user: this, and nothing less. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { withNumber } from '../../../src/publisher/redis/wire.ts'
import { root } from '../../e2e/server-process.ts'
import { RedisServer } from '../../support/redis-server.ts'
import {
  bridgeFor,
  CHANNEL,
  eventText,
  eventually,
  getsThrough,
  problemsMatch,
  reading,
  smallClusterForTest,
  type Source,
  SOURCES,
} from './set-up.ts'

const NOTHING = 'on >secret resetkeys resetchannels -@all'

/** Keys, channels and commands, each of which is needed. */
function rulesFor(from: Source, channel = CHANNEL): string[] {
  const keys = (...names: readonly string[]): string[] => names.map((name) => `~{${channel}}:${name}`)
  const commands = (names: string): string[] => names.split(' ').map((name) => `+${name}`)
  const both = [
    ...keys('producers', 'numbers:event-fanout', 'holes:event-fanout'),
    `~${channel}:dead`,
    ...commands('info client|setname evalsha eval hget hset hsetnx hkeys hdel hgetall xadd'),
  ]
  if (from === 'pubsub') return [`&${channel}`, ...both, ...commands('subscribe unsubscribe')]
  return [
    `~${channel}`,
    ...keys('lease:event-fanout', 'group:event-fanout'),
    ...both,
    ...commands('hincrby get set del pexpire xinfo|stream xinfo|groups xgroup|create xreadgroup xautoclaim'),
    ...commands('xread xack xpending xrange'),
  ]
}

async function allow(redis: Redis, rules: readonly string[], user = 'bridge'): Promise<void> {
  await redis.call('ACL', 'SETUSER', user, 'reset', ...NOTHING.split(' '), ...rules)
}

/** What Redis has refused to a user, in the words of its log. */
async function refused(redis: Redis, user = 'bridge'): Promise<string[]> {
  const entries = (await redis.call('ACL', 'LOG', 1000)) as string[][]
  const field = (entry: readonly string[], name: string) => String(entry[entry.indexOf(name) + 1])
  return entries.filter((entry) => field(entry, 'username') === user).map((entry) => field(entry, 'object'))
}

function bridgeAt(
  server: { readonly url: string },
  REDIS_FROM: Source,
  REDIS_USERNAME = 'bridge',
  REDIS_CHANNEL = CHANNEL,
) {
  const REDIS_PASSWORD = 'secret'
  return bridgeFor({ REDIS_URL: server.url, REDIS_USERNAME, REDIS_PASSWORD, REDIS_FROM, REDIS_CHANNEL })
}

async function sendNumbered(redis: Redis, from: Source, id: string, channel = CHANNEL): Promise<void> {
  const number = { producer: 'app', number: 1 }
  if (from === 'pubsub') await redis.publish(channel, withNumber(eventText(id), number))
  else await redis.xadd(channel, '*', 'event', eventText(id), 'producer', 'app', 'number', 1)
}

/** Lets a bridge whose user lacks a right do all that it does, until Redis refuses that. */
async function missing(server: RedisServer, from: Source, right: string): Promise<void> {
  const redis = server.client()
  const name = `without-${right.replaceAll(/\W/g, '')}`
  await allow(
    redis,
    rulesFor(from, name).filter((other) => other !== right.replace(CHANNEL, name)),
    name,
  )
  const { bridge, target } = bridgeAt(server, from, name, name)
  target.before = async () => bridge.status()
  // It is only asked for at the end.
  if (right === '+unsubscribe') await reading(bridge).then(async () => bridge.stop())
  await eventually(async () => {
    if (from === 'pubsub') await redis.publish(name, 'nonsense')
    else await redis.xadd(name, '*', 'event', 'nonsense')
    await sendNumbered(redis, from, 'e-1', name)
    expect(await refused(redis, name), right).toContain(right.replace(CHANNEL, name).slice(1))
  })
  await bridge.stop()
}

it('docs/bridge.md names the rights', () => {
  const page = readFileSync(join(root, 'docs/bridge.md'), 'utf8')
  const rules = [...page.matchAll(/```\n(resetkeys [^`]*)```/g)].map(([, text = '']) =>
    text.trim().split(/\s+/),
  )
  const all = (from: Source) => ['resetkeys', 'resetchannels', '-@all', ...rulesFor(from)].toSorted()
  expect(rules.map((rule) => rule.toSorted())).toEqual([all('pubsub'), all('stream')])
})

describe.each(SOURCES)('from %s, a user', (from) => {
  it('who has just these rights can do everything, and asks for nothing else', async () => {
    const server = await RedisServer.forTest()
    const redis = server.client()
    await allow(redis, rulesFor(from))
    const world = bridgeAt(server, from)
    await getsThrough(world, redis, from)
    // Asked while an entry is pending.
    world.target.before = async () => world.bridge.status()
    await sendNumbered(redis, from, 'e-2')
    await eventually(async () => {
      expect(world.target.ids).toEqual(['e-1', 'e-2'])
      expect(await redis.hkeys(`{${CHANNEL}}:numbers:event-fanout`)).toEqual(['since', 'of app'])
    })
    expect((await world.bridge.status()).lag).toEqual({ messages: 0, seconds: 0 })
    await world.bridge.stop()
    expect(await refused(redis)).toEqual([])
  })

  it('who lacks any of them is refused something', async () => {
    const server = await RedisServer.forTest('--acllog-max-len', '1000')
    const rights = rulesFor(from)
    // Scripts are sent whole once for all, so this comes first.
    await missing(server, from, '+eval')
    await Promise.all(
      rights.filter((right) => right !== '+eval').map(async (right) => missing(server, from, right)),
    )
  })
})

it.each(SOURCES)('a cluster is asked for its slots and its state as well, from %s', async (from) => {
  const { server, url } = await smallClusterForTest()
  const redis = server.client()
  const rules = [...rulesFor(from), '+cluster|slots', '+cluster|info']
  for (const right of ['+cluster|slots', '+cluster|info']) {
    await allow(
      redis,
      rules.filter((other) => other !== right),
    )
    const { bridge } = bridgeAt({ url }, from)
    await problemsMatch(bridge, /cluster\|slots|CLUSTER INFO/)
    await bridge.stop()
  }
  await redis.call('ACL', 'LOG', 'RESET')
  await allow(redis, rules)
  const world = bridgeAt({ url }, from)
  await getsThrough(world, redis, from)
  await world.bridge.stop()
  expect(await refused(redis)).toEqual([])
})

describe('it is a problem', () => {
  it.each<[Source, string]>([
    ['pubsub', `&${CHANNEL}`],
    ['pubsub', '+subscribe'],
    ...['~business-events', '+evalsha', '+eval', '+get', '+set', '+xinfo|stream', '+xinfo|groups'].map(
      (right): [Source, string] => ['stream', right],
    ),
    ...['+xgroup|create', '+xreadgroup', '+xautoclaim', '+pexpire'].map((right): [Source, string] => [
      'stream',
      right,
    ]),
  ])('from %s, to have no %s', async (from, right) => {
    const server = await RedisServer.forTest()
    const redis = server.client()
    await allow(
      redis,
      rulesFor(from).filter((other) => other !== right),
    )
    const { bridge } = bridgeAt(server, from)
    await problemsMatch(bridge, /NOPERM|The user executing the script can't run this command|ACL failure/)
    // And none when it is granted, without a restart.
    await allow(redis, rulesFor(from))
    await reading(bridge)
  })
})
