import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DynamoEventLog } from '../../../src/aws/log/dynamo-event-log.ts'
import type { AcceptedEvent } from '../../../src/core/event.ts'
import { Publisher } from '../../../src/core/publish.ts'
import { idsOf, offsetsOf, readAll } from '../../contract/log-under-test.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { connectionOf, createWorld } from '../../support/fakes.ts'
import { createTables, type Tables } from '../dynalite.ts'

const RETENTION = 30 * 86_400_000

interface Death {
  readonly call: number
  readonly when: 'before' | 'after'
}

/** A client of a worker that dies at one of its calls; from then on nothing of it happens any more. */
class MortalClient {
  calls: string[] = []
  readonly died: Promise<'died'>
  readonly #client: DynamoDBDocumentClient
  readonly #death: Death | undefined
  #isDead = false
  #die: () => void = () => undefined

  constructor(client: DynamoDBDocumentClient, death?: Death) {
    this.#client = client
    this.#death = death
    this.died = new Promise((resolve) => {
      this.#die = () => {
        this.#isDead = true
        resolve('died')
      }
    })
  }

  #hasDied(): boolean {
    return this.#isDead
  }

  async send(command: Parameters<DynamoDBDocumentClient['send']>[0]): Promise<unknown> {
    const call = this.calls.push(command.constructor.name)
    if (this.#death?.call === call && this.#death.when === 'before') this.#die()
    if (this.#hasDied()) return never()
    try {
      return await this.#client.send(command)
    } finally {
      if (this.#death?.call === call && this.#death.when === 'after') this.#die()
      if (this.#hasDied()) await never()
    }
  }
}

async function never(): Promise<never> {
  return new Promise<never>(() => undefined)
}

let tables: Tables
beforeAll(async () => {
  tables = await createTables()
})
afterAll(async () => tables.close())

let runs = 0

/** Users and events of one case, apart from all others in the table. */
function scenario() {
  const run = ++runs
  const [ann, bob, cat] = [`ann-${run}`, `bob-${run}`, `cat-${run}`] as const
  return {
    users: [ann, bob, cat],
    one: [sampleEvent(`e1-${run}`, [ann, bob])],
    batch: [
      sampleEvent(`e1-${run}`, [ann, bob]),
      sampleEvent(`e2-${run}`, [bob, cat]),
      sampleEvent(`e3-${run}`, [ann, cat]),
    ],
  }
}

/** One worker that publishes; its log is on the table, its connections and its pusher in memory. */
function worker(death?: Death) {
  const client = new MortalClient(tables.client, death)
  const world = createWorld()
  const log = new DynamoEventLog({
    client: client as unknown as DynamoDBDocumentClient,
    table: tables.logTable,
    clock: Date,
    retentionMs: RETENTION,
  })
  return { client, log, world, publisher: new Publisher({ ...world, clock: Date, log }) }
}

async function publishUnlessItDies(
  { client, publisher }: ReturnType<typeof worker>,
  events: readonly AcceptedEvent[],
): Promise<unknown> {
  return Promise.race([publisher.publishAll(events), client.died])
}

async function expectExact(users: readonly string[], events: readonly AcceptedEvent[]): Promise<void> {
  const { log, publisher } = worker()
  for (const userId of users) {
    const mine = events.filter(({ recipients }) => recipients.some((one) => one.userId === userId))
    const entries = await readAll(log, userId)
    expect(idsOf(entries)).toEqual(mine.map(({ id }) => id))
    const [first = 0] = offsetsOf(entries)
    expect(offsetsOf(entries)).toEqual(entries.map((_, i) => first + i))
  }
  const again = await publisher.publishAll(events)
  expect(again).toMatchObject(events.map(({ id }) => ({ id, duplicate: true })))
  for (const { id } of events) expect((await log.receipt(id))?.state).toBe('logged')
}

describe.each(['one', 'batch'] as const)('a publish of %s on DynamoDB', (what) => {
  it(
    'is exact wherever its worker dies, redelivered to one or to two at once',
    { timeout: 240_000 },
    async () => {
      const calm = scenario()
      const whole = worker()
      expect(await publishUnlessItDies(whole, calm[what])).not.toBe('died')
      const calls = whole.client.calls.length
      console.log(`${what}: ${calls} calls: ${whole.client.calls.join(' ')}`)
      expect(calls).toBeGreaterThanOrEqual(8)

      for (let call = 1; call <= calls; call++) {
        for (const when of ['before', 'after'] as const) {
          for (const redelivered of [1, 2]) {
            const { users, [what]: events } = scenario()
            expect(await publishUnlessItDies(worker({ call, when }), events)).toBe('died')
            const retries = Array.from({ length: redelivered }, async () =>
              publishUnlessItDies(worker(), events),
            )
            for (const results of await Promise.all(retries)) {
              for (const result of results as unknown[]) expect(result).not.toBeInstanceOf(Error)
            }
            await expectExact(
              users.filter((user) => what === 'batch' || !user.startsWith('cat')),
              events,
            )
          }
        }
      }
    },
  )
})

describe('a publish that fails in between', () => {
  it('pushes to whoever is connected once a retry has it in every log', async () => {
    const { users, one } = scenario()
    const [event] = one
    await publishUnlessItDies(worker({ call: 6, when: 'after' }), one)
    const { publisher, world } = worker()
    await world.connections.register(connectionOf(world.clock, 'c1', users[1]!))
    world.clock.advance(Date.now() - world.clock.now() - 1000)
    expect(await publisher.publish(event!)).toMatchObject({ duplicate: false })
    expect(world.pusher.posts.map(({ connectionId }) => connectionId)).toEqual(['c1'])
  })
})
