import { describe, expect, it } from 'vitest'
import { connect } from '../../src/core/connect.ts'
import { handleMessage } from '../../src/core/handle-message.ts'
import { sampleEvent } from '../contract/samples.ts'
import { changed, connectionOf, createWorld, type World } from '../support/fakes.ts'
import { merges, Turnstile } from '../support/turnstile.ts'
import * as wrong from '../support/wrong.ts'

const CLIENT = ['register', 'read'] as const
const PUBLISHER = ['append', 'look up', 'push'] as const
type Step = (typeof CLIENT)[number] | (typeof PUBLISHER)[number]

const EVENT = sampleEvent('e-1', ['ann'])

async function publisherOf(world: World, turnstile: Turnstile<Step>, make: wrong.MakePublish): Promise<void> {
  const { log, connections, pusher, clock, logger } = world
  const publish = make({
    clock,
    logger,
    log: changed(log, { append: async (events) => turnstile.pass('append', () => log.append(events)) }),
    connections: {
      register: async (connection) => connections.register(connection),
      get: async (...given) => connections.get(...given),
      remove: async (...given) => connections.remove(...given),
      ofUser: async (userId) => {
        const found = await turnstile.pass('look up', () => connections.ofUser(userId))
        // Nobody to push to: that step of the order is over by itself.
        if (found.length === 0) void turnstile.pass('push', async () => undefined)
        return found
      },
    },
    pusher: {
      post: async (...given) => turnstile.pass('push', () => pusher.post(...given)),
      close: async (id) => pusher.close(id),
    },
  })
  await publish(EVENT)
}

async function clientOf(world: World, turnstile: Turnstile<Step>, order: readonly Step[], start: number) {
  const connection = connectionOf(world.clock, 'c-1', 'ann')
  let page = ''
  for (const step of order) {
    if (step === 'register') await turnstile.pass(step, () => connect(world, connection, 0))
    else {
      const text = JSON.stringify({ action: 'resume', after: start })
      // The hand-shake has registered it; what `resume` itself registers is not what this is about.
      const connections = { ...registryOf(world), get: async () => connection }
      const sender = { ...connection, issuedAt: 0, connectedAt: 0 }
      page = (await turnstile.pass(step, () => handleMessage({ ...world, connections }, sender, text))) ?? ''
    }
  }
  return page
}

function registryOf({ connections }: World) {
  return {
    register: async () => [],
    ofUser: async (userId: string) => connections.ofUser(userId),
    remove: async () => undefined,
  }
}

/** Whether the client has the event in the end, for one order of all steps. */
async function race(order: readonly Step[], client: readonly Step[], make: wrong.MakePublish) {
  const world = createWorld()
  const turnstile = new Turnstile(order)
  const start = await world.log.head('ann')
  const [page] = await Promise.all([
    clientOf(world, turnstile, client, start),
    publisherOf(world, turnstile, make),
  ])
  expect(turnstile.passed).toEqual(order)
  return page.includes('"id":"e-1"') || world.pusher.framesTo('c-1').length > 0
}

const missing = async (client: readonly Step[], publisher: readonly Step[], make: wrong.MakePublish) => {
  const orders = merges(client, publisher)
  expect(orders).toHaveLength(10)
  const has = await Promise.all(orders.map(async (order) => race(order, client, make)))
  return orders.filter((_, i) => !has[i])
}

describe('a client that connects while an event is published', () => {
  it.each(merges(CLIENT, PUBLISHER).map((order) => [order.join(', '), order] as const))(
    'has it after %s',
    async (_, order) => {
      expect(await race(order, CLIENT, wrong.rightly)).toBe(true)
    },
  )

  it('would miss it if it read before it registered', async () => {
    expect(await missing(['read', 'register'], PUBLISHER, wrong.rightly)).toEqual([
      ['read', 'append', 'look up', 'register', 'push'],
      ['read', 'append', 'look up', 'push', 'register'],
    ])
  })

  it('would miss it if the publisher looked for connections before it appended', async () => {
    expect(await missing(CLIENT, ['look up', 'append', 'push'], wrong.lookUpBeforeAppend)).toEqual([
      ['look up', 'register', 'read', 'append', 'push'],
    ])
  })
})
