import { beforeEach, describe, expect, it } from 'vitest'
import { handleMessage } from '../../src/core/handle-message.ts'
import { disconnectUser } from '../../src/core/disconnect-user.ts'
import { connectionOf, createWorld, type World } from '../support/fakes.ts'
import { sampleEvent } from '../contract/samples.ts'

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
    expect(await disconnectUser(world, { userId: 'ann', by: 'admin' })).toEqual({ notBefore, closed: 3 })
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
    expect(await disconnectUser(world, { userId: 'cat', by: 'admin' })).toEqual({ notBefore, closed: 0 })
    expect(await world.revocations.notBefore('cat')).toBe(notBefore)
  })

  it('may be asked for again: from then on newer tokens are refused, too', async () => {
    await disconnectUser(world, { userId: 'ann', by: 'admin' })
    world.clock.advance(5)
    expect(await disconnectUser(world, { userId: 'ann', by: 'admin' })).toEqual({
      notBefore: world.clock.now(),
      closed: 0,
    })
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
          return pusher.close(id)
        },
      },
    }
    await disconnectUser(watched, { userId: 'ann', by: 'admin' })
    expect(steps).toEqual(['revoke', 'revoked', 'look', 'remove', 'close'])
  })

  it('closes nothing if the tokens could not be refused: they would be back at once', async () => {
    world.revocations.revoke = async () => Promise.reject(new Error('no capacity'))
    await expect(disconnectUser(world, { userId: 'ann', by: 'admin' })).rejects.toThrow('no capacity')
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
    await expect(disconnectUser(world, { userId: 'ann', by: 'admin' })).rejects.toThrow('1 of 3 connections')
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-3'])
    expect(await world.revocations.notBefore('ann')).toBe(world.clock.now())
    fails = false
    expect(await disconnectUser(world, { userId: 'ann', by: 'admin' })).toMatchObject({ closed: 1 })
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-2', 'a-3'])
    expect(idsOf()).toEqual(['b-1'])
  })

  it('fails where a socket cannot be closed, pushes nothing to it any more, and finds it again', async () => {
    world.pusher.stuck.add('a-2')
    await expect(disconnectUser(world, { userId: 'ann', by: 'admin' })).rejects.toThrow('1 of 3 connections')
    expect(world.pusher.closed.toSorted()).toEqual(['a-1', 'a-3'])
    expect(idsOf().toSorted()).toEqual(['a-2', 'b-1'])

    const { recipients } = await world.publisher.publish(sampleEvent('e-1', ['ann']))
    expect(recipients).toMatchObject([{ connections: 1, sent: 0 }])
    expect(world.pusher.framesTo('a-2').filter((frame) => frame.includes('"event"'))).toEqual([])
  })

  it('finds the one that could not be closed when it is asked again', async () => {
    world.pusher.stuck.add('a-2')
    await expect(disconnectUser(world, { userId: 'ann', by: 'admin' })).rejects.toThrow('1 of 3 connections')
    world.pusher.stuck.clear()
    expect(await disconnectUser(world, { userId: 'ann', by: 'admin' })).toMatchObject({ closed: 1 })
    expect(idsOf()).toEqual(['b-1'])
  })

  it('lets a socket that could not be closed read nothing', async () => {
    world.pusher.stuck.add('a-2')
    await expect(disconnectUser(world, { userId: 'ann', by: 'admin' })).rejects.toThrow('1 of 3 connections')
    const now = world.clock.now()
    const sender = {
      id: 'a-2',
      userId: 'ann',
      expiresAt: now + 60_000,
      issuedAt: now - 60_000,
      connectedAt: now,
    }
    expect(await handleMessage(world, sender, '{"action":"resume","after":0}')).toBeUndefined()
    expect(world.pusher.framesTo('a-2').at(-1)).toContain('"disconnected"')
  })
})
