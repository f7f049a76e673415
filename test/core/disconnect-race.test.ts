import { describe, expect, it } from 'vitest'
import { connect } from '../../src/core/connect.ts'
import { disconnectUser } from '../../src/core/disconnect-user.ts'
import { connectionOf, createWorld, type World } from '../support/fakes.ts'
import { merges, Turnstile } from '../support/turnstile.ts'

const CLIENT = ['register', 'ask'] as const
const ADMIN = ['revoke', 'look up'] as const
type Step = (typeof CLIENT)[number] | (typeof ADMIN)[number]

/** The ports, where each of the steps has to wait for its turn. */
function watched({ connections, revocations, ...world }: World, turnstile: Turnstile<Step>) {
  return {
    ...world,
    connections: {
      register: async (row: Parameters<typeof connections.register>[0]) =>
        turnstile.pass('register', async () => connections.register(row)),
      ofUser: async (userId: string) => turnstile.pass('look up', async () => connections.ofUser(userId)),
      get: connections.get.bind(connections),
      remove: connections.remove.bind(connections),
    },
    revocations: {
      revoke: async (userId: string, at: number) =>
        turnstile.pass('revoke', async () => revocations.revoke(userId, at)),
      notBefore: async (userId: string) => turnstile.pass('ask', async () => revocations.notBefore(userId)),
    },
  }
}

type Connect = (ports: ReturnType<typeof watched>) => Promise<boolean>
type Disconnect = (ports: ReturnType<typeof watched>) => Promise<unknown>

const opening: Connect = async (ports) => {
  const connection = connectionOf(ports.clock, 'c-1', 'ann', { registeredAt: ports.clock.now() })
  return connect(ports, connection, ports.clock.now() - 60_000)
}

/** "Whoever may not come in need not be in the registry first." */
const askingFirst: Connect = async (ports) => {
  const notBefore = await ports.revocations.notBefore('ann')
  await ports.connections.register(connectionOf(ports.clock, 'c-1', 'ann'))
  return notBefore === undefined
}

const rightly: Disconnect = async (ports) => disconnectUser(ports, { userId: 'ann', by: 'admin' })

const closingFirst: Disconnect = async (ports) => {
  for (const { id } of await ports.connections.ofUser('ann')) await ports.pusher.close(id)
  await ports.revocations.revoke('ann', ports.clock.now())
}

/** Whether the connection is out in the end: not let in, or closed, and never in the registry. */
async function isOut(order: readonly Step[], open: Connect, disconnect: Disconnect): Promise<boolean> {
  const world = createWorld()
  const turnstile = new Turnstile(order)
  const ports = watched(world, turnstile)
  const [isIn] = await Promise.all([open(ports), disconnect(ports)])
  expect(turnstile.passed).toEqual(order)
  if (open === opening && disconnect === rightly) expect(world.connections.rows).toEqual([])
  return !isIn || world.pusher.closed.includes('c-1')
}

/** The orders after which it stays, though the user was disconnected. */
async function staysAfter(orders: Step[][], open: Connect, disconnect: Disconnect): Promise<Step[][]> {
  const out = await Promise.all(orders.map(async (order) => isOut(order, open, disconnect)))
  return orders.filter((_, i) => !out[i])
}

describe('a connection that opens while its user is disconnected', () => {
  it.each(merges<Step>(CLIENT, ADMIN).map((order) => [order.join(', '), order] as const))(
    'is out after %s',
    async (_, order) => {
      expect(await isOut(order, opening, rightly)).toBe(true)
    },
  )

  it('would stay if it asked before it registered', async () => {
    expect(await staysAfter(merges<Step>(['ask', 'register'], ADMIN), askingFirst, rightly)).toEqual([
      ['ask', 'revoke', 'look up', 'register'],
    ])
  })

  it('would stay if connections were closed before tokens were refused', async () => {
    expect(await staysAfter(merges<Step>(CLIENT, ['look up', 'revoke']), opening, closingFirst)).toEqual([
      ['look up', 'register', 'ask', 'revoke'],
    ])
  })
})
