import type {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiGatewayPusher } from '../../../src/aws/api-gateway-pusher.ts'
import { DynamoConnectionRegistry } from '../../../src/aws/dynamo-connection-registry.ts'
import { DynamoEventLog } from '../../../src/aws/log/dynamo-event-log.ts'
import type { AcceptedEvent } from '../../../src/core/event.ts'
import { eventFrame } from '../../../src/core/frames.ts'
import { Publisher } from '../../../src/core/publish.ts'
import { idsOf, offsetsOf, readAll } from '../../contract/log-under-test.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { RecordingLogger } from '../../support/fakes.ts'
import { createTables, type Tables } from '../dynalite.ts'

const RETENTION = 30 * 86_400_000

interface Death {
  readonly call: number
  readonly when: 'before' | 'after'
}

type Send = (command: object) => Promise<unknown>

/** A worker's life: it ends at one of its AWS calls, and from then on nothing of it happens any more. */
class Life {
  readonly calls: string[] = []
  readonly died: Promise<'died'>
  readonly #death: Death | undefined
  #isOver = false
  #end: () => void = () => undefined

  constructor(death?: Death) {
    this.#death = death
    this.died = new Promise((resolve) => {
      this.#end = () => {
        this.#isOver = true
        resolve('died')
      }
    })
  }

  /** One of its clients: all calls count together. */
  clientOn(send: Send): { readonly send: Send } {
    return { send: async (command) => this.#call(command, send) }
  }

  #isDead(): boolean {
    return this.#isOver
  }

  async #call(command: object, send: Send): Promise<unknown> {
    const call = this.calls.push(command.constructor.name.replace(/Command$/, ''))
    if (this.#death?.call === call && this.#death.when === 'before') this.#end()
    if (this.#isDead()) return never()
    try {
      return await send(command)
    } finally {
      if (this.#death?.call === call && this.#death.when === 'after') this.#end()
      if (this.#isDead()) await never()
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

/** Users, each connected, and events of one case, apart from all others in the tables. */
async function scenario(what: 'one' | 'batch') {
  const run = ++runs
  const [ann, bob, cat] = [`ann-${run}`, `bob-${run}`, `cat-${run}`] as const
  const users = what === 'one' ? [ann, bob] : [ann, bob, cat]
  const first = sampleEvent(`e1-${run}`, [ann, bob])
  const further = [sampleEvent(`e2-${run}`, [bob, cat]), sampleEvent(`e3-${run}`, [ann, cat])]
  const now = Date.now()
  for (const userId of users) {
    const connection = { id: `of-${userId}`, userId, registeredAt: now, expiresAt: now + 3_600_000 }
    await registryOn(tables.client).register(connection)
  }
  return { users, events: what === 'one' ? [first] : [first, ...further] }
}

function registryOn(client: DynamoDBDocumentClient): DynamoConnectionRegistry {
  return new DynamoConnectionRegistry({ client, table: tables.connectionsTable, clock: Date })
}

/** What arrived at each connection, from whichever worker. */
const frames = new Map<string, string[]>()

async function deliver(command: object): Promise<unknown> {
  const { ConnectionId: id, Data: frame } = (command as PostToConnectionCommand).input
  frames.set(id!, [...(frames.get(id!) ?? []), frame as string])
  return {}
}

/** One worker that publishes. */
function worker(death?: Death) {
  const life = new Life(death)
  const client = life.clientOn(async (command) =>
    tables.client.send(command as Parameters<DynamoDBDocumentClient['send']>[0]),
  ) as unknown as DynamoDBDocumentClient
  const log = new DynamoEventLog({ client, table: tables.logTable, clock: Date, retentionMs: RETENTION })
  const logger = new RecordingLogger()
  const posts = life.clientOn(deliver) as unknown as ApiGatewayManagementApiClient
  const pusher = new ApiGatewayPusher({ client: posts, logger })
  const publisher = new Publisher({ log, connections: registryOn(client), pusher, clock: Date, logger })
  return { life, log, publisher }
}

async function publishUnlessItDies(
  { life, publisher }: ReturnType<typeof worker>,
  events: readonly AcceptedEvent[],
): Promise<unknown> {
  return Promise.race([publisher.publishAll(events), life.died])
}

/** Everybody has each event once in their log, and at least once on their screen, under its offset there. */
async function expectExact(users: readonly string[], events: readonly AcceptedEvent[]): Promise<void> {
  const { log, publisher } = worker()
  for (const userId of users) {
    const mine = events.filter(({ recipients }) => recipients.some((one) => one.userId === userId))
    const entries = await readAll(log, userId)
    expect(idsOf(entries)).toEqual(mine.map(({ id }) => id))
    const [first = 0] = offsetsOf(entries)
    expect(offsetsOf(entries)).toEqual(entries.map((_, i) => first + i))
    const screen = new Set(frames.get(`of-${userId}`))
    expect([...screen].toSorted()).toEqual(
      entries.map(({ offset, text }) => eventFrame(offset, text)).toSorted(),
    )
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
      const calm = await scenario(what)
      const whole = worker()
      expect(await publishUnlessItDies(whole, calm.events)).not.toBe('died')
      const calls = whole.life.calls.length
      console.log(`${what}: ${calls} calls: ${whole.life.calls.join(' ')}`)
      expect(whole.life.calls).toEqual(expect.arrayContaining(['BatchGet', 'PostToConnection', 'BatchWrite']))

      for (let call = 1; call <= calls; call++) {
        for (const when of ['before', 'after'] as const) {
          for (const redelivered of [1, 2]) {
            const { users, events } = await scenario(what)
            expect(await publishUnlessItDies(worker({ call, when }), events)).toBe('died')
            const retries = Array.from({ length: redelivered }, async () =>
              publishUnlessItDies(worker(), events),
            )
            for (const results of await Promise.all(retries)) {
              for (const result of results as unknown[]) expect(result).not.toBeInstanceOf(Error)
            }
            await expectExact(users, events)
          }
        }
      }
    },
  )
})
