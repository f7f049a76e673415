import { Cluster } from 'ioredis'
import { expect, it, onTestFinished, vi } from 'vitest'
import { emit } from '../../../src/publisher/redis/index.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { CHANNEL, entriesOf, numbersOf, subscriberOf } from './set-up.ts'

const event = { type: 'T', id: 'e-1' }

/** A cluster of one node, which has all slots. */
async function clusterForTest() {
  const server = await RedisServer.forTest('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
  const node = server.client()
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  // A node that has just started takes no writes for two seconds.
  const isOk = async () => {
    expect(await node.call('CLUSTER', 'INFO')).toMatch(/cluster_state:ok/)
  }
  await vi.waitFor(isOk, { timeout: 30_000 })
  return { server, node }
}

function connectionTo(server: RedisServer, keyPrefix = ''): Cluster {
  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }], { redisOptions: { keyPrefix } })
  onTestFinished(() => {
    cluster.disconnect()
  })
  return cluster
}

it('a cluster takes the transaction, its keys being in one slot', async () => {
  const { server, node } = await clusterForTest()
  const { first } = await subscriberOf(server)
  const cluster = connectionTo(server)
  expect(await emit(cluster, event)).toEqual({
    id: 'e-1',
    entry: expect.stringMatching(/^\d+-\d+$/) as string,
    subscribers: 1,
  })
  await emit(cluster, event)
  expect(await first(2)).toHaveLength(2)
  expect((await entriesOf(node)).map(({ fields }) => fields[1])).toEqual(
    Array.from({ length: 2 }, () => JSON.stringify(event)),
  )
  expect(Object.values(await numbersOf(node))).toEqual([[1, 2]])
  const slots = await Promise.all(
    [CHANNEL, `{${CHANNEL}}:producers`].map(async (key) => node.call('CLUSTER', 'KEYSLOT', key)),
  )
  expect(new Set(slots).size).toBe(1)
  await expect(emit(connectionTo(server, 'app:'), event)).rejects.toThrow(/the keyPrefix "app:"/)
})
