import { beforeEach, describe, expect, it } from 'vitest'
import { connect } from '../../src/core/connect.ts'
import { handleMessage } from '../../src/core/handle-message.ts'
import { isRevoked } from '../../src/core/revoked.ts'
import { connectionOf, createWorld, type World } from '../support/fakes.ts'

const REVOKED = (path: string) => ({
  level: 'warn',
  fields: { reason: 'revoked', userId: 'ann', path },
  message: 'token refused',
})

describe('a token of a user who was disconnected', () => {
  let world: World
  let notBefore: number

  beforeEach(async () => {
    world = createWorld()
    notBefore = world.clock.now()
    await world.revocations.revoke('ann', notBefore)
  })

  it('is refused if it was issued before, or does not say when', async () => {
    const judged = async (issuedAt: number) => isRevoked(world.revocations, 'ann', issuedAt)
    expect(await judged(0)).toBe(true)
    expect(await judged(notBefore - 1)).toBe(true)
    expect(await judged(notBefore)).toBe(false)
    expect(await judged(notBefore + 1000)).toBe(false)
  })

  it('of any other user is as good as ever', async () => {
    expect(await isRevoked(world.revocations, 'bob', 0)).toBe(false)
  })

  it('is refused with all that were issued in the same second, of which `iat` says no more', async () => {
    await world.revocations.revoke('ann', notBefore + 999)
    expect(await isRevoked(world.revocations, 'ann', notBefore)).toBe(true)
    expect(await isRevoked(world.revocations, 'ann', notBefore + 1000)).toBe(false)
  })

  describe('at the door', () => {
    const open = async (issuedAt: number) => {
      const row = { ...connectionOf(world.clock, 'c-1', 'ann'), connectedAt: notBefore }
      return [row, await connect(world, row, issuedAt)] as const
    }

    it('lets nobody in, and leaves nothing in the registry', async () => {
      const [, isIn] = await open(notBefore - 1)
      expect(isIn).toBe(false)
      expect(world.connections.rows).toEqual([])
      expect(world.logger.lines).toEqual([REVOKED('$connect')])
      expect(world.metrics.counts).toEqual({ 'tokensRefused:revoked': 1 })
      expect(world.pusher.posts).toEqual([])
    })

    it('lets in whoever has a newer one', async () => {
      const [row, isIn] = await open(notBefore)
      expect(isIn).toBe(true)
      expect(world.connections.rows).toEqual([row])
      expect(world.metrics.counts).toEqual({ connectionsOpened: 1 })
    })

    it('lets nobody in where that cannot be found out', async () => {
      world.revocations.notBefore = async () => Promise.reject(new Error('no capacity'))
      await expect(open(notBefore)).rejects.toThrow('no capacity')
    })
  })

  describe('on a socket that could not be closed', () => {
    const resume = async (issuedAt: number) => {
      const row = { ...connectionOf(world.clock, 'c-1', 'ann'), connectedAt: notBefore }
      return handleMessage(world, { ...row, issuedAt }, '{"action":"resume","after":0,"device":"phone"}')
    }

    it('brings nothing: it is told so, and closed', async () => {
      expect(await resume(notBefore - 1)).toBeUndefined()
      expect(world.pusher.framesTo('c-1')).toEqual([
        '{"type":"error","code":"disconnected","message":"an administrator disconnected the user"}',
      ])
      expect(world.pusher.closed).toEqual(['c-1'])
      expect(world.connections.rows).toEqual([])
      expect(world.logger.lines).toContainEqual(REVOKED('resume'))
      expect(world.metrics.counts).toEqual({ 'tokensRefused:revoked': 1 })
    })

    it('does no harm where the registry merely lost one of a newer token', async () => {
      expect(await resume(notBefore)).toContain('"type":"events"')
      expect(world.connections.rows).toMatchObject([{ id: 'c-1', device: 'phone' }])
      expect(world.pusher.closed).toEqual([])
    })
  })
})
