import { beforeEach, describe, expect, it } from 'vitest'
import { handleMessage, type Sender } from '../../src/core/handle-message.ts'
import type { Connection } from '../../src/core/ports.ts'
import { sampleEvent } from '../contract/samples.ts'
import { changed, connectionOf, createWorld, type World } from '../support/fakes.ts'

describe('a message over a socket', () => {
  let world: World
  let row: ReturnType<typeof connectionOf>
  let sender: typeof row & Sender
  let start: number

  beforeEach(async () => {
    world = createWorld()
    row = connectionOf(world.clock, 'c-1', 'ann')
    sender = { ...row, issuedAt: world.clock.now() - 60_000, connectedAt: world.clock.now() }
    await world.connections.register(row)
    start = await world.log.head('ann')
  })

  const say = async (message: object | string) => {
    const { id, userId, expiresAt, issuedAt, connectedAt } = sender
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    const answer = await handleMessage(world, { id, userId, expiresAt, issuedAt, connectedAt }, text)
    return answer === undefined ? undefined : (JSON.parse(answer) as unknown)
  }

  const fill = async (count: number) => {
    await world.log.append(Array.from({ length: count }, (_, i) => sampleEvent(`e-${i + 1}`, ['ann'])))
  }

  const page = (ids: number[], head: number, more = false, truncated = false) => ({
    type: 'events',
    events: ids.map((i) => ({
      offset: start + i,
      loggedAt: world.clock.now(),
      event: { type: 'SESSION_COMPLETED', content: 'a', id: `e-${i}` },
    })),
    head: start + head,
    more,
    truncated,
  })

  describe('resume', () => {
    it('answers what came after, up to 100 events a page', async () => {
      await fill(102)
      const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
      expect(await say({ action: 'resume', after: start })).toEqual(page(hundred, 102, true))
      expect(await say({ action: 'resume', after: start + 100 })).toEqual(page([101, 102], 102))
      expect(await say({ action: 'resume', after: start + 102 })).toEqual(page([], 102))
    })

    it('without `after` answers the head alone', async () => {
      expect(await say({ action: 'resume' })).toEqual(page([], 0))
      await fill(3)
      expect(await say({ action: 'resume' })).toEqual(page([], 3))
    })

    it('after 0 answers from the oldest; after too much, truncated', async () => {
      await fill(2)
      expect(await say({ action: 'resume', after: 0 })).toEqual(page([1, 2], 2))
      expect(await say({ action: 'resume', after: 1 })).toEqual(page([], 2, false, true))
      expect(await say({ action: 'resume', after: start + 3 })).toEqual(page([], 2, false, true))
    })

    it('ends a page before 124 KiB, and below 128 KB in all', async () => {
      const text = JSON.stringify({ type: 'T', s: 'é'.repeat(20_000) })
      await world.log.append(
        Array.from({ length: 5 }, (_, i) => ({ ...sampleEvent(`e${i}`, ['ann']), text })),
      )
      const answer = await handleMessage(world, sender, `{"action":"resume","after":${start}}`)
      const { events, more } = JSON.parse(answer ?? '') as { events: unknown[]; more: boolean }
      expect([events.length, more]).toEqual([3, true])
      expect(Buffer.byteLength(answer ?? '')).toBeLessThan(124 * 1024)
    })

    it('always carries one event, however large', async () => {
      const text = JSON.stringify({ type: 'T', s: 'x'.repeat(122_800) })
      await world.log.append([1, 2].map((i) => ({ ...sampleEvent(`e${i}`, ['ann']), text })))
      const answer = await handleMessage(world, sender, '{"action":"resume","after":0}')
      expect((JSON.parse(answer ?? '') as { events: unknown[] }).events).toHaveLength(1)
      expect(Buffer.byteLength(answer ?? '')).toBeLessThan(128 * 1024)
    })

    it('leaves a connection that is known as it is', async () => {
      const named = { ...row, device: 'phone' }
      await world.connections.register(named)
      world.clock.advance(5)
      await say({ action: 'resume' })
      await say({ action: 'resume', device: 'phone' })
      expect(world.connections.rows).toEqual([named])
    })

    const deviceOf = async () => (await world.devices.ofUser('ann'))[0]
    const beginsAt = (offset: number) => [{ offset, at: world.clock.now(), isStart: true }]

    it('notes where a device begins that asks from now on, or with a cursor of its own', async () => {
      await fill(3)
      await say({ action: 'resume', device: 'phone' })
      expect(await deviceOf()).toMatchObject({ device: 'phone', acknowledgements: beginsAt(start + 3) })
      await say({ action: 'resume', after: start + 1, device: 'tablet' })
      expect((await world.devices.ofUser('ann'))[1]?.acknowledgements).toEqual(beginsAt(start + 1))
    })

    it('notes that a device is there which asks for all that is kept', async () => {
      await say({ action: 'resume', after: 0, device: 'phone' })
      const state = { device: 'phone', seenAt: world.clock.now(), acknowledgements: [], reports: [] }
      expect(await deviceOf()).toEqual(state)
    })

    it('notes that a device begins anew that was away for too long', async () => {
      await fill(3)
      await say({ action: 'resume', after: start + 2, device: 'phone' })
      await say({ action: 'ack', offset: start + 2 })
      expect(await say({ action: 'resume', after: start - 1, device: 'phone' })).toMatchObject({
        truncated: true,
      })
      expect((await deviceOf())?.acknowledgements.at(-1)).toEqual(beginsAt(start + 3)[0])
    })

    it('takes a note once for a connection that goes on', async () => {
      await say({ action: 'resume', after: 0, device: 'phone' })
      world.devices.seen = async () => Promise.reject(new Error('it was asked again'))
      await say({ action: 'resume', after: 0, device: 'phone' })
      expect(world.logger.lines).toEqual([])
    })

    it('answers also where the device cannot be noted', async () => {
      world.devices.begins = async () => Promise.reject(new Error('the table is throttled'))
      expect(await say({ action: 'resume', device: 'phone' })).toEqual(page([], 0))
      expect(world.logger.lines).toMatchObject([
        { level: 'error', message: 'device could not be noted as seen', fields: { device: 'phone' } },
      ])
    })

    it('names the device, keeping when the connection came', async () => {
      world.clock.advance(5)
      await say({ action: 'resume', device: 'phone' })
      expect(world.connections.rows).toEqual([{ ...row, device: 'phone' }])
      await say({ action: 'resume', device: 'tablet' })
      expect(world.connections.rows).toEqual([{ ...row, device: 'tablet' }])
    })

    it('of one that was evicted, but not closed, makes no room beyond the cap', async () => {
      await world.connections.remove('ann', 'c-1')
      world.clock.advance(5)
      for (const id of ['c-2', 'c-3']) await world.connections.register(connectionOf(world.clock, id, 'ann'))
      world.clock.advance(5)
      const answer = await handleMessage({ ...world, connectionsPerUser: 2 }, sender, '{"action":"resume"}')
      expect(JSON.parse(answer!)).toEqual(page([], 0))
      expect(world.connections.rows.map(({ id }) => id).toSorted()).toEqual(['c-1', 'c-3'])
      expect(world.pusher.framesTo('c-2').map((frame) => JSON.parse(frame) as unknown)).toEqual([
        expect.objectContaining({ type: 'error', code: 'evicted' }),
      ])
    })

    it('registers again what the registry lost, before it reads', async () => {
      await world.connections.remove('ann', 'c-1')
      const steps: string[] = []
      const { log, connections } = world
      const watched = {
        ...world,
        connections: {
          get: async () => undefined,
          ofUser: async () => [],
          remove: async () => undefined,
          register: async (given: Connection) => {
            steps.push('register')
            return connections.register(given)
          },
        },
        log: changed(log, {
          after: async (...given) => {
            steps.push('read')
            return log.after(...given)
          },
        }),
      }
      const { id, userId, expiresAt, issuedAt, connectedAt } = sender
      await handleMessage(
        watched,
        { id, userId, expiresAt, issuedAt, connectedAt },
        '{"action":"resume","after":0,"device":"phone"}',
      )
      expect(steps).toEqual(['register', 'read'])
      const registeredAt = world.clock.now()
      expect(connections.rows).toEqual([{ id, userId, expiresAt, registeredAt, device: 'phone' }])
    })

    it('reads the log of the token’s user, whatever the message says', async () => {
      await world.log.append([sampleEvent('secret', ['bob'])])
      expect(await say({ action: 'resume', after: 0, userId: 'bob' })).toEqual(page([], 0))
    })
  })

  it('ping is answered with the head', async () => {
    expect(await say({ action: 'ping' })).toEqual({ type: 'pong', head: start })
    await fill(2)
    expect(await say({ action: 'ping' })).toEqual({ type: 'pong', head: start + 2 })
  })

  describe('ack and report', () => {
    const at = () => world.clock.now()

    it('are kept and not answered', async () => {
      await fill(3)
      expect(await say({ action: 'ack', offset: start + 2, device: 'phone' })).toBeUndefined()
      expect(
        await say({ action: 'report', offset: start + 3, error: 'boom', device: 'phone' }),
      ).toBeUndefined()
      const reports = [{ offset: start + 3, error: 'boom', at: at() }]
      const acknowledgements = [{ offset: start + 2, at: at() }]
      const state = { device: 'phone', seenAt: at(), acknowledgements, reports }
      expect(await world.devices.ofUser('ann')).toEqual([state])
      expect(world.logger.lines).toEqual([
        {
          level: 'warn',
          fields: { userId: 'ann', device: 'phone', offset: start + 3, error: 'boom' },
          message: 'handler failed',
        },
      ])
    })

    it('never go above the head, nor an ack down; what is reported of no event here is of none', async () => {
      await fill(3)
      await say({ action: 'ack', offset: start + 4, device: 'd' })
      await say({ action: 'ack', offset: start + 1, device: 'd' })
      await say({ action: 'report', offset: Number.MAX_SAFE_INTEGER, error: 'x', device: 'd' })
      expect(await world.devices.ofUser('ann')).toEqual([
        {
          device: 'd',
          seenAt: at(),
          acknowledgements: [{ offset: start + 3, at: at() }],
          reports: [],
        },
      ])
      expect(world.logger.lines.at(-1)).toMatchObject({
        message: 'a handler failed, on an event that this log does not have',
      })
    })

    it('tell of the device in the message, else of that of the connection, else of the connection', async () => {
      await fill(3)
      await say({ action: 'ack', offset: start + 1 })
      await say({ action: 'resume', after: 0, device: 'phone' })
      await say({ action: 'ack', offset: start + 2 })
      await say({ action: 'report', offset: start + 2, error: 'x' })
      await say({ action: 'ack', offset: start + 3, device: 'tablet' })
      const devices = (await world.devices.ofUser('ann')).map((state) => [
        state.device,
        state.acknowledgements.map(({ offset }) => offset),
      ])
      expect(devices).toEqual([
        ['c-1', [start + 1]],
        ['phone', [start + 2]],
        ['tablet', [start + 3]],
      ])
    })

    it('that name their device cost no look at the connection', async () => {
      await fill(1)
      const looks: string[] = []
      const get = async (_: string, id: string) => {
        looks.push(id)
        return Promise.resolve(undefined)
      }
      world.connections.get = get
      await say({ action: 'ack', offset: start + 1, device: 'phone' })
      await say({ action: 'report', offset: start + 1, error: 'x', device: 'phone' })
      expect(looks).toEqual([])
      await say({ action: 'ack', offset: start + 1 })
      expect(looks).toEqual(['c-1'])
    })

    it('tell of devices of the token’s user alone, whatever they name', async () => {
      await fill(2)
      await world.devices.acknowledge('bob', 'phone', 1)
      const before = await world.devices.ofUser('bob')
      await say({ action: 'ack', offset: start + 2, device: 'phone', userId: 'bob' })
      await say({ action: 'report', offset: start + 1, error: 'x', device: 'phone', userId: 'bob' })
      expect(await world.devices.ofUser('bob')).toEqual(before)
      expect((await world.devices.ofUser('ann')).map(({ device }) => device)).toEqual(['phone'])
    })

    it('that are malformed are answered, and keep nothing', async () => {
      expect(await say({ action: 'ack', offset: '42' })).toEqual({
        type: 'error',
        code: 'invalid_message',
        message: 'offset must be a whole number from 1, not a string of 2 characters',
      })
      expect(await world.devices.ofUser('ann')).toEqual([])
    })
  })

  it('that cannot be taken is answered with an error, and the connection stays', async () => {
    expect(await say('hello')).toMatchObject({ type: 'error', code: 'malformed_json' })
    expect(await say('')).toMatchObject({ type: 'error', code: 'malformed_json' })
    expect(await say({ action: 'dance' })).toMatchObject({ type: 'error', code: 'unknown_action' })
    expect(world.connections.rows).toEqual([row])
    expect(world.pusher.closed).toEqual([])
    expect(world.logger.lines).toEqual([])
  })

  it('that meets a failing log is answered `unavailable`, the reason in the server’s log alone', async () => {
    const head = async () => Promise.reject(new Error('disk on fire'))
    const failing = { ...world, log: changed(world.log, { head }) }
    expect(await handleMessage(failing, sender, '{"action":"ping"}')).toBe(
      '{"type":"error","code":"unavailable","message":"the server could not do this now; try again"}',
    )
    expect(world.logger.text()).toContain('disk on fire')
  })

  describe('from a connection whose token has ended', () => {
    it.each(['{"action":"ping"}', '{"action":"resume","after":0}', '{"action":"ack","offset":1}', 'garbage'])(
      'closes it, and does nothing else: %s',
      async (text) => {
        await fill(1)
        world.clock.advance(3_600_000)
        expect(await say(text)).toBeUndefined()
        const error = '{"type":"error","code":"expired","message":"the token has expired"}'
        expect(world.pusher.posts).toEqual([{ connectionId: 'c-1', frame: error }])
        expect(world.pusher.closed).toEqual(['c-1'])
        expect(world.connections.rows).toEqual([])
        expect(await world.devices.ofUser('ann')).toEqual([])
      },
    )

    it('and not a millisecond before', async () => {
      world.clock.advance(3_599_999)
      expect(await say({ action: 'ping' })).toEqual({ type: 'pong', head: start })
    })
  })
})
