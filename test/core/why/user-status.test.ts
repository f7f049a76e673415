import { beforeEach, describe, expect, it } from 'vitest'
import { userStatus } from '../../../src/core/why/user-status.ts'
import { connectionOf, createWorld, type World } from '../../support/fakes.ts'
import { sampleEvent } from '../../contract/samples.ts'

describe('a user’s status', () => {
  let world: World
  let start: number

  beforeEach(async () => {
    world = createWorld()
    start = world.clock.now()
  })

  const fill = async (count: number) => {
    await world.log.append(Array.from({ length: count }, (_, i) => sampleEvent(`e-${i}`, ['ann'])))
  }

  it('of one whom nobody knows is the head alone', async () => {
    const head = await world.log.head('ann')
    expect(await userStatus(world, 'ann')).toEqual({ userId: 'ann', head, connections: [], devices: [] })
  })

  it('tells how far the log goes, and how far each device is behind', async () => {
    await fill(5)
    world.clock.advance(1000)
    await world.devices.acknowledge('ann', 'phone', start + 1)
    await world.devices.acknowledge('ann', 'phone', start + 4)
    await world.devices.acknowledge('ann', 'tablet', start + 2)
    await world.devices.report('ann', 'tablet', start + 2, 'boom')
    await world.devices.report('ann', 'tv', start + 1, 'bang')
    const at = start + 1000
    expect(await userStatus(world, 'ann')).toEqual({
      userId: 'ann',
      head: start + 4,
      loggedAt: start,
      seenAt: at,
      connections: [],
      devices: [
        { device: 'phone', seenAt: at, acknowledged: { offset: start + 4, at }, behind: 0, reports: [] },
        {
          device: 'tablet',
          seenAt: at,
          acknowledged: { offset: start + 2, at },
          behind: 2,
          reports: [{ offset: start + 2, error: 'boom', at }],
        },
        { device: 'tv', seenAt: at, reports: [{ offset: start + 1, error: 'bang', at }] },
      ],
    })
  })

  it('never has a device behind by less than nothing', async () => {
    await fill(1)
    await world.devices.acknowledge('ann', 'phone', start + 7)
    expect((await userStatus(world, 'ann')).devices).toMatchObject([{ behind: 0 }])
  })

  it('has no time of the newest event once that is no longer kept', async () => {
    await fill(1)
    world.clock.advance(30 * 86_400_000)
    expect(await userStatus(world, 'ann')).toMatchObject({ head: start, loggedAt: start })
    world.clock.advance(1)
    const status = await userStatus(world, 'ann')
    expect(status.head).toBe(start)
    expect(status).not.toHaveProperty('loggedAt')
  })

  it('tells of each connection what the gateway says of it', async () => {
    const rows = [
      connectionOf(world.clock, 'c-1', 'ann', { registeredAt: start - 3000, device: 'phone' }),
      connectionOf(world.clock, 'c-2', 'ann', { registeredAt: start - 2000 }),
      connectionOf(world.clock, 'c-3', 'ann', { registeredAt: start - 1000 }),
    ]
    for (const row of rows) await world.connections.register(row)
    await world.connections.register(connectionOf(world.clock, 'b-1', 'bob'))
    const live = { connectedAt: start - 3500, lastActiveAt: start - 10 }
    world.probe.script.set('c-1', live).set('c-2', 'gone')
    const status = await userStatus(world, 'ann')
    const sockets = [live, 'gone', 'unknown']
    expect(status.connections).toEqual(
      rows.map(({ userId: _, ...row }, i) => ({ ...row, socket: sockets[i] })),
    )
    expect(status.seenAt).toBe(start - 10)
  })

  it('knows from the registry when somebody was there last whose socket tells nothing', async () => {
    await world.devices.acknowledge('ann', 'phone', start)
    world.clock.advance(5000)
    const registeredAt = world.clock.now() - 1
    await world.connections.register(connectionOf(world.clock, 'c-1', 'ann', { registeredAt }))
    expect((await userStatus(world, 'ann')).seenAt).toBe(registeredAt)
    world.clock.advance(5000)
    await world.devices.acknowledge('ann', 'phone', start + 1)
    expect((await userStatus(world, 'ann')).seenAt).toBe(world.clock.now())
  })

  it('says from when on tokens count', async () => {
    await world.revocations.revoke('ann', start - 5)
    await world.revocations.revoke('bob', start)
    expect(await userStatus(world, 'ann')).toMatchObject({ notBefore: start - 5 })
  })
})
