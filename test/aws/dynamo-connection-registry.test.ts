import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DynamoConnectionRegistry } from '../../src/aws/dynamo-connection-registry.ts'
import type { Connection } from '../../src/core/ports.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { type Answer, type Call, interceptCalls } from './calls.ts'
import { createTables, type Tables } from './dynalite.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let tables: Tables
let clock: ManualClock
let answer: Answer
let calls: Call[]
let pauses: number[]
let registry: DynamoConnectionRegistry

beforeEach(async () => {
  tables = await createTables()
  clock = new ManualClock()
  answer = async (_, proceed) => proceed()
  calls = interceptCalls(tables.client, async (call, proceed) => answer(call, proceed))
  pauses = []
  registry = new DynamoConnectionRegistry({
    client: tables.client,
    table: tables.connectionsTable,
    clock,
    pause: async (ms) => {
      pauses.push(ms)
      clock.advance(250)
    },
  })
})
afterEach(() => tables.close())

const connection = (id: string, userId = 'ann'): Connection => ({
  id,
  userId,
  expiresAt: clock.now() + HOUR,
  registeredAt: clock.now(),
})
const namesOf = (made: readonly Call[]) => made.map(({ name }) => name)
const idsOf = async (userId = 'ann') => (await registry.ofUser(userId)).map(({ id }) => id)
async function itemOf(userId: string) {
  const Key = { pk: userId, sk: 'connections' }
  return (await tables.client.send(new GetCommand({ TableName: tables.connectionsTable, Key }))).Item
}
const users = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}`)
const requestOf = ({ input }: Call) =>
  (input['RequestItems'] as Record<string, { Keys: { pk: string }[]; ConsistentRead: boolean }>)[
    tables.connectionsTable
  ]!

describe('calls', () => {
  it('register, get and remove are one each, and reads are consistent', async () => {
    await registry.register(connection('c1'))
    await registry.get('ann', 'c1')
    await registry.remove('ann', 'c1')
    expect(namesOf(calls)).toEqual(['Update', 'Get', 'Update'])
    expect(calls[1]!.input['ConsistentRead']).toBe(true)
  })

  it('look-ups of one go are one call, whatever is in the table', async () => {
    const many = users(100)
    await Promise.all(many.map(async (user) => registry.register(connection(`of-${user}`, user))))
    calls.length = 0
    const found = await Promise.all(many.map(async (user) => registry.ofUser(user)))
    expect(found.map(([first]) => first?.id)).toEqual(many.map((user) => `of-${user}`))
    expect(namesOf(calls)).toEqual(['BatchGet'])
    expect(requestOf(calls[0]!).ConsistentRead).toBe(true)
  })

  it('more users than one call takes are several', async () => {
    const many = users(150)
    await registry.register(connection('c1', 'user-149'))
    calls.length = 0
    const found = await Promise.all(many.map(async (user) => registry.ofUser(user)))
    expect(found.flat().map(({ userId }) => userId)).toEqual(['user-149'])
    expect(calls.map((call) => requestOf(call).Keys.length)).toEqual([100, 50])
  })

  it('a look-up that starts after a register returned sees it, though another one is under way', async () => {
    let overtake = true
    answer = async ({ name }, proceed) => {
      if (name !== 'BatchGet' || !overtake) return proceed()
      overtake = false
      const before = await proceed()
      // While this answer is on its way, a connection registers, and somebody looks.
      await registry.register(connection('c2'))
      expect(await idsOf()).toEqual(['c2'])
      return before
    }
    expect(await idsOf()).toEqual([])
    expect(overtake).toBe(false)
  })
})

describe('what DynamoDB leaves out', () => {
  /** As it does when it throttles: only so many of the keys are read. */
  const readingOnly =
    (most: number): Answer =>
    async (call, proceed) => {
      if (call.name !== 'BatchGet') return proceed()
      const request = requestOf(call)
      const left = request.Keys.splice(most)
      const answered = request.Keys.length > 0 ? ((await proceed()) as object) : {}
      return left.length === 0
        ? answered
        : { ...answered, UnprocessedKeys: { [tables.connectionsTable]: { ...request, Keys: left } } }
    }

  it('is asked for again, with waits in between', async () => {
    const many = users(10)
    await Promise.all(many.map(async (user) => registry.register(connection(`of-${user}`, user))))
    answer = readingOnly(4)
    const found = await Promise.all(many.map(async (user) => registry.ofUser(user)))
    expect(found.map(([first]) => first?.id)).toEqual(many.map((user) => `of-${user}`))
    expect(pauses).toHaveLength(2)
  })

  it('fails in the end for those users alone', async () => {
    await registry.register(connection('c1', 'user-0'))
    answer = async (call, proceed) => {
      const first = call.name === 'BatchGet' && requestOf(call).Keys[0]?.pk === 'user-0'
      return readingOnly(first ? 1 : 0)(call, proceed)
    }
    const [zero, one] = await Promise.allSettled([registry.ofUser('user-0'), registry.ofUser('user-1')])
    expect(zero).toMatchObject({ status: 'fulfilled', value: [{ id: 'c1' }] })
    expect(one).toMatchObject({ status: 'rejected', reason: { message: /user-1 within 5000 ms/ } })
    expect(pauses).toHaveLength(20)
  })
})

describe('connections that cannot be alive any more', () => {
  it('are left out when reading', async () => {
    await registry.register(connection('c1'))
    clock.advance(2 * HOUR + 5 * MINUTE - 1)
    expect(await idsOf()).toEqual(['c1'])
    expect(await registry.get('ann', 'c1')).toMatchObject({ id: 'c1' })
    clock.advance(1)
    expect(await idsOf()).toEqual([])
    expect(await registry.get('ann', 'c1')).toBeUndefined()
  })

  it('are taken out of the item when the user registers next', async () => {
    await Promise.all(['c1', 'c2'].map(async (id) => registry.register(connection(id))))
    clock.advance(HOUR)
    await registry.register(connection('c3'))
    clock.advance(HOUR + 5 * MINUTE)
    calls.length = 0
    await registry.register(connection('c4'))
    expect(namesOf(calls)).toEqual(['Update', 'Update'])
    expect(Object.keys((await itemOf('ann'))!).sort()).toEqual(['c#c3', 'c#c4', 'pk', 'sk', 'ttl'])
    expect(await idsOf()).toEqual(['c3', 'c4'])
  })

  it('go with the item, in the end', async () => {
    await registry.register(connection('c1'))
    const start = clock.now()
    clock.advance(HOUR)
    await registry.register(connection('c2'))
    // One that only names its device keeps its time, and the item its own.
    await registry.register({ ...connection('c1'), registeredAt: start, device: 'phone' })
    expect((await itemOf('ann'))!['ttl']).toBe((clock.now() + 2 * HOUR + 5 * MINUTE) / 1000)
  })
})

describe('removing', () => {
  it('creates no item where there is none', async () => {
    await registry.remove('ann', 'c1')
    expect(await itemOf('ann')).toBeUndefined()
    await registry.register(connection('c1'))
    await registry.remove('ann', 'c2')
    expect(await idsOf()).toEqual(['c1'])
  })

  it('fails where DynamoDB does', async () => {
    answer = async () => Promise.reject(new Error('down'))
    await expect(registry.remove('ann', 'c1')).rejects.toThrow('down')
  })
})

describe('a user with as many connections as an item holds', () => {
  it('gets no further one, and keeps those that are there', async () => {
    // Longer than any that gets past the protocol, so that a few are enough.
    const device = 'd'.repeat(30_000)
    let open = 0
    const register = async () => registry.register({ ...connection(`c${open}`), device })
    await expect(
      (async () => {
        for (; open < 20; open++) await register()
      })(),
    ).rejects.toThrow('maximum allowed size')
    expect(open).toBeGreaterThan(10)
    expect(await idsOf()).toHaveLength(open)
  })
})

describe('order', () => {
  it('is by id among those that registered in the same millisecond', async () => {
    for (const id of ['c', 'a', 'b']) await registry.register(connection(id))
    expect(await idsOf()).toEqual(['a', 'b', 'c'])
  })
})
