import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Clock, Refusal, RefusalLedger } from '../core/ports.ts'
import { HEAD_SK, refusalKey } from './log/items.ts'

export interface DynamoRefusalLedgerOptions {
  readonly client: DynamoDBDocumentClient
  /** The log's table: partition key `pk` (a string), sort key `sk` (a number), TTL attribute `ttl`. */
  readonly table: string
  readonly clock: Clock
  readonly retentionMs: number
}

/** `RefusalLedger` on DynamoDB: the last refusal of each event id, beside its receipt if it has one. */
export class DynamoRefusalLedger implements RefusalLedger {
  readonly #options: DynamoRefusalLedgerOptions

  constructor(options: DynamoRefusalLedgerOptions) {
    this.#options = options
  }

  async note({ eventId, ...refusal }: Refusal): Promise<void> {
    const { client, table: TableName, retentionMs } = this.#options
    const ttl = Math.ceil((refusal.at + retentionMs) / 1000)
    await client.send(new PutCommand({ TableName, Item: { ...keyOf(eventId), ...refusal, ttl } }))
  }

  async find(eventId: string): Promise<Refusal | undefined> {
    const { client, table: TableName, clock, retentionMs } = this.#options
    const { Item } = await client.send(
      new GetCommand({ TableName, Key: keyOf(eventId), ConsistentRead: true }),
    )
    // DynamoDB deletes what has expired hours to days late.
    if (Item === undefined || (Item['at'] as number) < clock.now() - retentionMs) return undefined
    const { code, message, path, at } = Item as Omit<Refusal, 'eventId'>
    return { eventId, code, message, at, ...(path !== undefined && { path }) }
  }
}

function keyOf(eventId: string): { pk: string; sk: number } {
  return { pk: refusalKey(eventId), sk: HEAD_SK }
}
