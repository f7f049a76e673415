import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Clock, Connection, ConnectionRegistry } from '../core/ports.ts'
import { getBatch } from './batch-get.ts'
import { held } from './condition.ts'
import {
  CONNECTION_LIFE_MS,
  type ConnectionsItem,
  connectionsIn,
  deadIn,
  nameOf,
  valueOf,
} from './connection-item.ts'
import { MergedLookups } from './merged-lookups.ts'

export interface DynamoConnectionRegistryOptions {
  readonly client: DynamoDBDocumentClient
  /** The connections' table: partition key `pk`, sort key `sk` (both strings), TTL attribute `ttl`. */
  readonly table: string
  readonly clock: Clock
  /** Waits so many milliseconds before it asks again for what DynamoDB left out. */
  readonly pause?: (ms: number) => Promise<void>
}

/** Beside it, under the same partition key, are the rows of the user's devices. */
const SORT_KEY = 'connections'

/** Keys of one BatchGetItem (API reference). */
const BATCH = 100

/** A name in an expression is at most a few bytes, and the whole expression 4 KB: the rest goes next time. */
const MOST_REMOVED = 100

/**
 * `ConnectionRegistry` on DynamoDB: one item for each user, one attribute for each of their open connections, so that
 * an event finds everybody's with one call, whatever else is in the table.
 *
 * An item holds 400 KB: some 5,000 connections with device names of usual length, 900 with the longest. Past that the
 * write is refused, and so is the connection; the cap on connections per user (500 at most) evicts long before.
 */
export class DynamoConnectionRegistry implements ConnectionRegistry {
  readonly #client: DynamoDBDocumentClient
  readonly #table: string
  readonly #clock: Clock
  readonly #items: MergedLookups<ConnectionsItem>

  constructor({ client, table, clock, pause }: DynamoConnectionRegistryOptions) {
    this.#client = client
    this.#table = table
    this.#clock = clock
    this.#items = new MergedLookups(BATCH, async (userIds) =>
      getBatch({ client, table, sortKey: SORT_KEY, clock, ...(pause && { pause }) }, userIds),
    )
  }

  async register(connection: Connection): Promise<readonly Connection[]> {
    const now = this.#clock.now()
    const { Attributes: item = {} } = await this.#client.send(
      new UpdateCommand({
        ...this.#keyOf(connection.userId),
        UpdateExpression: 'SET #connection = :connection, #ttl = :ttl',
        ExpressionAttributeNames: { '#connection': nameOf(connection.id), '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':connection': valueOf(connection),
          // Of the clock, not of this connection: one that only names its device may be older than others of the item.
          ':ttl': Math.ceil((now + CONNECTION_LIFE_MS) / 1000),
        },
        // Costs nothing, and saves the read of who else is there.
        ReturnValues: 'ALL_NEW',
      }),
    )
    const dead = deadIn(item, now).slice(0, MOST_REMOVED)
    if (dead.length > 0) await this.#removeAll(connection.userId, dead)
    return connectionsIn(item, connection.userId, now)
  }

  async get(userId: string, connectionId: string): Promise<Connection | undefined> {
    const { Item: item } = await this.#client.send(
      new GetCommand({
        ...this.#keyOf(userId),
        ConsistentRead: true,
        ProjectionExpression: '#connection',
        ExpressionAttributeNames: { '#connection': nameOf(connectionId) },
      }),
    )
    return connectionsIn(item ?? {}, userId, this.#clock.now())[0]
  }

  async ofUser(userId: string): Promise<readonly Connection[]> {
    const item = await this.#items.find(userId)
    return connectionsIn(item ?? {}, userId, this.#clock.now())
  }

  async remove(userId: string, connectionId: string): Promise<void> {
    const name = nameOf(connectionId)
    const command = new UpdateCommand({
      ...this.#keyOf(userId),
      UpdateExpression: 'REMOVE #connection',
      // Without it the update of an item that is not there would create one, and one without a TTL.
      ConditionExpression: 'attribute_exists(#connection)',
      ExpressionAttributeNames: { '#connection': name },
    })
    await held(this.#client.send(command))
  }

  async #removeAll(userId: string, names: readonly string[]): Promise<void> {
    const aliases = names.map((_, i) => `#c${i}`)
    const command = new UpdateCommand({
      ...this.#keyOf(userId),
      UpdateExpression: `REMOVE ${aliases.join(', ')}`,
      ConditionExpression: 'attribute_exists(#pk)',
      ExpressionAttributeNames: {
        '#pk': 'pk',
        ...Object.fromEntries(names.map((name, i) => [`#c${i}`, name])),
      },
    })
    await held(this.#client.send(command))
  }

  #keyOf(userId: string) {
    return { TableName: this.#table, Key: { pk: userId, sk: SORT_KEY } }
  }
}
