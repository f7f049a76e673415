import { beforeEach, describe, expect, it } from 'vitest'
import { connect } from '../../src/core/connect.ts'
import { connectionOf, createWorld, MemoryRegistry, type World } from '../support/fakes.ts'

const ISSUED_AT = 1_700_000_000_000
const EVICTED =
  '{"type":"error","code":"evicted","message":"the user opened more connections than allowed, and this was the oldest"}'

describe('a new connection', () => {
  let world: World

  beforeEach(() => {
    world = createWorld()
  })

  const open = async (id: string, connectionsPerUser?: number) => {
    const connection = connectionOf(world.clock, id, 'ann', { registeredAt: world.clock.now() })
    const cap = connectionsPerUser === undefined ? {} : { connectionsPerUser }
    expect(await connect({ ...world, ...cap }, connection, ISSUED_AT)).toBe(true)
    world.clock.advance(1)
  }
  const idsOf = () => world.connections.rows.map(({ id }) => id)
  const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `c${from + i}`)

  it('is registered, and nobody is told', async () => {
    const connection = { ...connectionOf(world.clock, 'c1', 'ann'), device: 'phone' }
    expect(await connect(world, connection, ISSUED_AT)).toBe(true)
    expect(world.connections.rows).toEqual([connection])
    expect(world.pusher.posts).toEqual([])
    expect(world.logger.lines).toEqual([
      { level: 'info', fields: { userId: 'ann', connectionId: 'c1', open: 1 }, message: 'connected' },
    ])
  })

  it('may be the 20th; the 21st takes the place of the oldest', async () => {
    for (const id of ids(1, 20)) await open(id)
    expect(idsOf()).toEqual(ids(1, 20))
    expect(world.pusher.closed).toEqual([])
    await open('c21')
    expect(idsOf()).toEqual(ids(2, 21))
    expect(world.pusher.posts).toEqual([{ connectionId: 'c1', frame: EVICTED }])
    expect(world.pusher.closed).toEqual(['c1'])
  })

  it('evicts as many as are too many, the oldest first; other users’ stay', async () => {
    await world.connections.register(connectionOf(world.clock, 'b1', 'bob', { registeredAt: 1 }))
    for (const id of ids(1, 5)) await open(id, 5)
    await open('c6', 2)
    expect(world.pusher.closed).toEqual(['c1', 'c2', 'c3', 'c4'])
    expect(idsOf()).toEqual(['b1', 'c5', 'c6'])
  })

  it('is never evicted by itself, though its row is older than the others', async () => {
    await open('c1', 1)
    const early = connectionOf(world.clock, 'c0', 'ann', { registeredAt: 1 })
    await connect({ ...world, connectionsPerUser: 1 }, early, ISSUED_AT)
    expect(idsOf()).toContain('c0')
  })

  it('takes the evicted out of the registry before telling it', async () => {
    const steps: string[] = []
    const connections = new (class extends MemoryRegistry {
      override async remove(userId: string, id: string) {
        if (this.rows.some((row) => row.id === id)) steps.push(`remove ${id}`)
        return super.remove(userId, id)
      }
    })()
    const pusher = {
      post: async (id: string) => {
        steps.push(`tell ${id}`)
        return 'gone' as const
      },
      close: async (id: string) => {
        steps.push(`close ${id}`)
        return true
      },
    }
    world = { ...world, connections }
    for (const id of ['c1', 'c2']) {
      const connection = connectionOf(world.clock, id, 'ann', { registeredAt: world.clock.now() })
      await connect({ ...world, pusher, connectionsPerUser: 1 }, connection, ISSUED_AT)
      world.clock.advance(1)
    }
    expect(steps).toEqual(['remove c1', 'tell c1', 'close c1'])
  })

  it('shuts nobody out for a token that is refused', async () => {
    await open('c1', 1)
    await world.revocations.revoke('ann', world.clock.now())
    const stolen = connectionOf(world.clock, 'c2', 'ann')
    expect(await connect({ ...world, connectionsPerUser: 1 }, stolen, world.clock.now() - 1)).toBe(false)
    expect(world.connections.rows.map(({ id }) => id)).toEqual(['c1'])
    expect([world.pusher.posts, world.pusher.closed]).toEqual([[], []])
  })

  it('is not registered where it cannot be told whether its token is refused', async () => {
    world.revocations.notBefore = async () => Promise.reject(new Error('throttled'))
    await expect(connect(world, connectionOf(world.clock, 'c1', 'ann'), 0)).rejects.toThrow('throttled')
    expect(world.connections.rows).toEqual([])
  })

  it('is let in also where an old one cannot be shut out', async () => {
    const connections = new (class extends MemoryRegistry {
      override async remove(userId: string, id: string) {
        if (this.rows.some((row) => row.id === id)) throw new Error('throttled')
        return super.remove(userId, id)
      }
    })()
    world = { ...world, connections }
    await open('c1', 1)
    await open('c2', 1)
    expect(connections.rows.map(({ id }) => id)).toEqual(['c1', 'c2'])
    expect(world.logger.text()).toContain('throttled')
    expect(world.logger.lines.map(({ message }) => message)).toContain('connection could not be evicted')
  })

  it.each([1, 2, 20])('among many at once leaves exactly the cap: %i', async (cap) => {
    const all = Array.from({ length: cap + 5 }, (_, i) =>
      connectionOf(world.clock, `c${i}`, 'ann', { registeredAt: world.clock.now() + i }),
    )
    await Promise.all(all.map(async (one) => connect({ ...world, connectionsPerUser: cap }, one, ISSUED_AT)))
    expect(idsOf()).toEqual(all.slice(-cap).map(({ id }) => id))
  })
})
