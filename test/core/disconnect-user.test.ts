import { beforeEach, describe, expect, it } from 'vitest'
import { disconnectUser } from '../../src/core/disconnect-user.ts'
import { connectionOf, createWorld, type World } from '../support/fakes.ts'

const FRAME = '{"type":"error","code":"disconnected","message":"an administrator disconnected the user"}'

describe('disconnecting a user', () => {
  let world: World

  beforeEach(async () => {
    world = createWorld()
    for (const id of ['a-1', 'a-2', 'a-3']) {
      await world.connections.register(connectionOf(world.clock, id, 'ann'))
    }
    await world.connections.register(connectionOf(world.clock, 'b-1', 'bob'))
  })

  const idsOf = () => world.connections.rows.map(({ id }) => id)

  it('tells and closes every connection of theirs, and refuses their tokens from now on', async () => {
    const notBefore = world.clock.now()
    expect(await disconnectUser(world, 'ann')).toEqual({ notBefore, closed: 3 })
    expect(world.pusher.posts).toEqual(
      ['a-1', 'a-2', 'a-3'].map((connectionId) => ({ connectionId, frame: FRAME })),
    )
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-2', 'a-3'])
    expect(idsOf()).toEqual(['b-1'])
    expect(await world.revocations.notBefore('ann')).toBe(notBefore)
    expect(await world.revocations.notBefore('bob')).toBeUndefined()
  })

  it('refuses their tokens also where no connection is open', async () => {
    const notBefore = world.clock.now()
    expect(await disconnectUser(world, 'cat')).toEqual({ notBefore, closed: 0 })
    expect(await world.revocations.notBefore('cat')).toBe(notBefore)
  })

  it('may be asked for again: from then on newer tokens are refused, too', async () => {
    await disconnectUser(world, 'ann')
    world.clock.advance(5)
    expect(await disconnectUser(world, 'ann')).toEqual({ notBefore: world.clock.now(), closed: 0 })
  })

  it('refuses the tokens before it looks which connections there are', async () => {
    const steps: string[] = []
    const { revocations, connections, pusher } = world
    const watched = {
      ...world,
      revocations: {
        notBefore: async (userId: string) => revocations.notBefore(userId),
        revoke: async (userId: string, at: number) => {
          steps.push('revoke')
          await Promise.resolve()
          await revocations.revoke(userId, at)
          steps.push('revoked')
        },
      },
      connections: {
        register: connections.register.bind(connections),
        get: connections.get.bind(connections),
        ofUser: async (userId: string) => {
          steps.push('look')
          return (await connections.ofUser(userId)).slice(0, 1)
        },
        remove: async (userId: string, id: string) => {
          steps.push('remove')
          await connections.remove(userId, id)
        },
      },
      pusher: {
        post: pusher.post.bind(pusher),
        close: async (id: string) => {
          steps.push('close')
          await pusher.close(id)
        },
      },
    }
    await disconnectUser(watched, 'ann')
    expect(steps).toEqual(['revoke', 'revoked', 'look', 'remove', 'close'])
  })

  it('closes nothing if the tokens could not be refused: they would be back at once', async () => {
    world.revocations.revoke = async () => Promise.reject(new Error('no capacity'))
    await expect(disconnectUser(world, 'ann')).rejects.toThrow('no capacity')
    expect(world.pusher.closed).toEqual([])
    expect(idsOf()).toHaveLength(4)
  })

  it('closes the others where one cannot be closed, fails, and can be asked for again', async () => {
    const remove = world.connections.remove.bind(world.connections)
    let fails = true
    world.connections.remove = async (userId, id) => {
      if (id === 'a-2' && fails) throw new Error('no capacity')
      await remove(userId, id)
    }
    await expect(disconnectUser(world, 'ann')).rejects.toThrow('no capacity')
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-3'])
    expect(await world.revocations.notBefore('ann')).toBe(world.clock.now())
    fails = false
    expect(await disconnectUser(world, 'ann')).toMatchObject({ closed: 1 })
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-2', 'a-3'])
    expect(idsOf()).toEqual(['b-1'])
  })

  it('fails where a socket cannot be closed, though it is out of the registry', async () => {
    const close = world.pusher.close.bind(world.pusher)
    world.pusher.close = async (id) => {
      if (id === 'a-2') throw new Error('the gateway does not answer')
      await close(id)
    }
    await expect(disconnectUser(world, 'ann')).rejects.toThrow('the gateway does not answer')
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-3'])
    expect(idsOf()).toEqual(['b-1'])
  })
})
