/** A bridge and real servers of Redis, of every kind: what it takes to get a message through, and what is said if it does not. */
import { Cluster } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../../src/bridge/redis/connect.ts'
import { parseAddress } from '../../../src/bridge/redis/address.ts'
import { RecordingLogger } from '../../support/fakes.ts'
import { freePort, RedisServer } from '../../support/redis-server.ts'
import {
  bridgeFor,
  certificates,
  CHANNEL,
  clusterForTest,
  eventText,
  eventually,
  getsThrough,
  problemsMatch,
  reading,
  send,
  sentinelForTest,
  smallClusterForTest,
  SOURCES,
  tlsServer,
} from './set-up.ts'

describe.each(SOURCES)(
  'from %s, an event gets through, and what is none to the dead letters,',
  (REDIS_FROM) => {
    it('of a single Redis', async () => {
      const server = await RedisServer.forTest()
      await getsThrough(bridgeFor({ REDIS_URL: server.url, REDIS_FROM }), server.client(), REDIS_FROM)
    })

    it('over TLS, by a certificate of the authority in REDIS_CA_FILE', async () => {
      const { server, url, ca } = await tlsServer()
      const world = bridgeFor({ REDIS_URL: url, REDIS_CA_FILE: ca, REDIS_FROM })
      await getsThrough(world, server.client(), REDIS_FROM)
    })

    it('of a cluster', async () => {
      const { servers, url } = await clusterForTest()
      const cluster = new Cluster(servers.map(({ port }) => ({ host: '127.0.0.1', port })))
      onTestFinished(() => {
        cluster.disconnect()
      })
      await getsThrough(bridgeFor({ REDIS_URL: url, REDIS_FROM }), cluster, REDIS_FROM)
    })

    it('of Sentinel, and of the new master after the old one was killed', async () => {
      const master = await RedisServer.forTest()
      const replica = await RedisServer.forTest('--replicaof', '127.0.0.1', String(master.port))
      const sentinel = await sentinelForTest(master)
      await eventually(async () => {
        expect(await sentinel.redis.call('SENTINEL', 'REPLICAS', 'the-master')).toHaveLength(1)
        expect(await replica.client().info('replication')).toMatch(/master_link_status:up/)
      })
      const REDIS_URL = `redis+sentinel://127.0.0.1:${sentinel.port}/the-master`
      const world = bridgeFor({ REDIS_URL, REDIS_FROM })
      await getsThrough(world, master.client(), REDIS_FROM)
      await master.stop('SIGKILL')
      await problemsMatch(world.bridge, /^Redis cannot be used: /)
      await eventually(async () => {
        expect(await sentinel.redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'the-master')).toEqual([
          '127.0.0.1',
          String(replica.port),
        ])
      })
      await reading(world.bridge)
      await send(replica.client(), REDIS_FROM, eventText('e-2'))
      await eventually(() => {
        expect(world.target.ids).toEqual(['e-1', 'e-2'])
      })
    })
  },
)

/** What is wrong with each, and what is said of it. */
describe.each(SOURCES)('from %s, it is said', (REDIS_FROM) => {
  it('that the password is wrong, and never which it is', async () => {
    const server = await RedisServer.forTest('--requirepass', 'the-right-one')
    const password = 'the-wrong-one'
    const { bridge, logger } = bridgeFor({
      REDIS_URL: `redis://:${password}@127.0.0.1:${server.port}`,
      REDIS_FROM,
    })
    await problemsMatch(bridge, /^Redis cannot be used: WRONGPASS invalid username-password pair/)
    expect(logger.text()).toMatch(/Redis connection failed/)
    expect(logger.text()).not.toContain(password)
    expect(JSON.stringify(await bridge.status())).not.toContain(password)
  })

  it('that there is a password', async () => {
    const server = await RedisServer.forTest('--requirepass', 'secret')
    const { bridge } = bridgeFor({ REDIS_URL: `redis://127.0.0.1:${server.port}`, REDIS_FROM })
    await problemsMatch(bridge, /^Redis cannot be used: NOAUTH Authentication required/)
  })

  it('that nobody is there', async () => {
    const port = await freePort()
    const { bridge } = bridgeFor({ REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_FROM })
    await problemsMatch(bridge, new RegExp(`^Redis cannot be used: connect ECONNREFUSED 127.0.0.1:${port}`))
  })

  it('that nobody is there any more, and then it goes on', async () => {
    const server = await RedisServer.forTest()
    const world = bridgeFor({ REDIS_URL: server.url, REDIS_FROM })
    await getsThrough(world, server.client(), REDIS_FROM)
    await server.stop('SIGKILL')
    await problemsMatch(world.bridge, /^Redis cannot be used: connect ECONNREFUSED/)
    await server.start()
    await reading(world.bridge)
    await send(server.client(), REDIS_FROM, eventText('e-2'))
    await eventually(() => {
      expect(world.target.ids).toEqual(['e-1', 'e-2'])
    })
  })

  it('that the certificate is of another authority', async () => {
    const [{ url }, other] = await Promise.all([tlsServer(), certificates()])
    const { bridge } = bridgeFor({ REDIS_URL: url, REDIS_CA_FILE: other.ca, REDIS_FROM })
    await problemsMatch(bridge, /^Redis cannot be used: .*(certificate|signature)/)
  })

  it('that nobody knows the authority', async () => {
    const { url } = await tlsServer()
    await problemsMatch(
      bridgeFor({ REDIS_URL: url, REDIS_FROM }).bridge,
      /^Redis cannot be used: .*certificate/,
    )
  })

  it('that there is TLS, if the address has none', async () => {
    const { port } = await tlsServer()
    const plain = bridgeFor({ REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_FROM })
    await problemsMatch(
      plain.bridge,
      /^Redis cannot be used: .*the connection was closed before .* with TLS if/,
    )
  })

  it('that Redis takes no more clients', async () => {
    const server = await RedisServer.forTest('--maxclients', '1')
    await server.client().ping()
    const { bridge } = bridgeFor({ REDIS_URL: server.url, REDIS_FROM })
    await problemsMatch(bridge, /^Redis cannot be used: ERR max number of clients reached/)
  })

  it('that there is no such database, and none is read in its place', async () => {
    const server = await RedisServer.forTest()
    const { bridge, logger } = bridgeFor({ REDIS_URL: `${server.url}/99`, REDIS_FROM })
    await problemsMatch(bridge, /^Redis cannot be used: ERR DB index is out of range/)
    expect(logger.text()).not.toMatch(/Redis connected/)
  })

  it('that Sentinel knows no such master', async () => {
    const { port } = await sentinelForTest(await RedisServer.forTest())
    const { bridge } = bridgeFor({ REDIS_URL: `redis+sentinel://127.0.0.1:${port}/another`, REDIS_FROM })
    await problemsMatch(bridge, /127\.0\.0\.1:\d+: ERR No such master with that name/)
  })

  it('that it is no cluster', async () => {
    const { port } = await RedisServer.forTest()
    const { bridge } = bridgeFor({ REDIS_URL: `redis+cluster://127.0.0.1:${port}`, REDIS_FROM })
    await problemsMatch(bridge, /ERR This instance has cluster support disabled/)
  })

  it('that AUTH is unknown, but not what was sent with it', async () => {
    const server = await RedisServer.forTest('--rename-command', 'AUTH', 'other')
    for (const kind of ['redis', 'redis+cluster']) {
      const REDIS_URL = `${kind}://:the-password@127.0.0.1:${server.port}`
      const { bridge, logger } = bridgeFor({ REDIS_URL, REDIS_FROM })
      await problemsMatch(bridge, /unknown command 'auth'/)
      expect(logger.text()).not.toContain('the-password')
    }
  })

  it.each([
    [
      'redis://no-such-host.invalid',
      /^Redis cannot be used: getaddrinfo (ENOTFOUND|EAI_AGAIN) no-such-host\.invalid/,
    ],
    [
      'redis+cluster://no-such-host.invalid',
      /^Redis cannot be used: getaddrinfo (ENOTFOUND|EAI_AGAIN) no-such-host\.invalid/,
    ],
    ['redis+sentinel://no-such-host.invalid/m', /getaddrinfo (ENOTFOUND|EAI_AGAIN) no-such-host\.invalid/],
    [
      'redis+cluster://127.0.0.1:1',
      /^Redis cannot be used: 127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1/,
    ],
    [
      'redis+sentinel://127.0.0.1:1/m',
      /^Redis cannot be used: 127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1/,
    ],
    ['redis://localhost:1', /^Redis cannot be used: connect ECONNREFUSED [\d.:]+:1/],
  ])('that %s cannot be reached', async (REDIS_URL, pattern) => {
    await problemsMatch(bridgeFor({ REDIS_URL, REDIS_FROM }).bridge, pattern)
  })
})

async function single() {
  const server = await RedisServer.forTest()
  return { server, url: server.url }
}

describe('a connection', () => {
  it.each(['single', 'cluster'])('of a %s that is lost answers what was under way', async (kind) => {
    const { server, url } = kind === 'cluster' ? await smallClusterForTest() : await single()
    const address = parseAddress(url)
    const connection = connect({ address }, 'waiting', new RecordingLogger())
    onTestFinished(() => {
      connection.disconnect()
    })
    await eventually(async () => connection.xlen(CHANNEL))
    const waiting = connection.xread('BLOCK', 0, 'STREAMS', CHANNEL, '$').catch((error: unknown) => error)
    await eventually(async () => {
      expect(await server.client().call('CLIENT', 'LIST')).toMatch(/cmd=xread/)
    })
    await server.stop('SIGKILL')
    await server.start()
    expect(await waiting).toBeInstanceOf(Error)
    await eventually(async () => connection.xlen(CHANNEL))
  })

  it('has a name', async () => {
    const server = await RedisServer.forTest()
    bridgeFor({ REDIS_URL: server.url, REDIS_FROM: 'stream' })
    await eventually(async () => {
      const clients = await server.client().call('CLIENT', 'LIST')
      expect(clients).toMatch(/name=event-fanout-bridge-commands /)
      expect(clients).toMatch(/name=event-fanout-bridge-waiting /)
    })
  })
})
