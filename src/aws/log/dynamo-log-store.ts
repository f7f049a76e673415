import {
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb'
import pLimit from 'p-limit'
import type { Receipt } from '../../core/ports.ts'
import { held } from '../condition.ts'
import { backoff, pause } from './backoff.ts'
import {
  entryItem,
  entryOf,
  HEAD_SK,
  headItem,
  headOf,
  intentItem,
  loggedItem,
  logKey,
  receiptKey,
  receiptOf,
} from './items.ts'
import type {
  EntryPage,
  Head,
  Intent,
  LogStore,
  RangeQuery,
  StoredEntry,
  StoredReceipt,
  Tail,
} from './log-store.ts'
import { settled } from './settled.ts'

/**
 * Calls under way at once. More would wait for a socket of the SDK's pool, and the waiting counts towards the deadline to
 * connect: a large batch would fail for nothing.
 */
const CONCURRENCY = 40
/** Items of one BatchWriteItem (API reference). */
const BATCH = 25
/** How often what DynamoDB left of a batch is tried again. */
const BATCH_TRIES = 6

/** `LogStore` on one DynamoDB table: partition key `pk`, sort key `sk` (a number), TTL attribute `ttl`. */
export class DynamoLogStore implements LogStore {
  readonly #client: DynamoDBDocumentClient
  readonly #table: string
  readonly #limit = pLimit(CONCURRENCY)

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client
    this.#table = table
  }

  async tail(userId: string, consistency: 'eventual' | 'consistent'): Promise<Tail> {
    const [item] = await this.#query({
      ...inLog(userId, '#pk = :pk'),
      ScanIndexForward: false,
      Limit: 1,
      ConsistentRead: consistency === 'consistent',
    }).then(({ items }) => items)
    if (item === undefined) return {}
    return item['sk'] === HEAD_SK ? { head: headOf(item) } : { entry: entryOf(item) }
  }

  async range(userId: string, query: RangeQuery): Promise<EntryPage> {
    const { from = 1, to = Number.MAX_SAFE_INTEGER, descending = false, limit } = query
    if (from > to) return { entries: [], more: false }
    const { items, more } = await this.#query({
      ...inLog(
        userId,
        '#pk = :pk AND #sk BETWEEN :from AND :to',
        { ':from': from, ':to': to },
        { '#sk': 'sk' },
      ),
      ScanIndexForward: !descending,
      ConsistentRead: true,
      ...(limit !== undefined && { Limit: limit }),
    })
    return { entries: items.map(entryOf), more }
  }

  async putEntry(userId: string, entry: StoredEntry): Promise<boolean> {
    return this.#putIf({
      Item: entryItem(userId, entry),
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    })
  }

  async head(userId: string): Promise<Head | undefined> {
    const item = await this.#get(logKey(userId))
    return item && headOf(item)
  }

  async putHead(userId: string, head: Head, replaces: Head | undefined): Promise<boolean> {
    const isStill =
      replaces === undefined
        ? { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } }
        : {
            ConditionExpression: '#base = :base AND #at = :at AND #used = :used',
            ExpressionAttributeNames: { '#base': 'base', '#at': 'at', '#used': 'used' },
            ExpressionAttributeValues: { ':base': replaces.base, ':at': replaces.at, ':used': replaces.used },
          }
    return this.#putIf({ Item: headItem(userId, head), ...isStill })
  }

  async receipt(eventId: string): Promise<StoredReceipt | undefined> {
    const item = await this.#get(receiptKey(eventId))
    return item && receiptOf(item)
  }

  async begin(intent: Intent, now: number): Promise<boolean> {
    return this.#putIf({
      Item: intentItem(intent),
      // DynamoDB deletes what has expired hours to days late.
      ConditionExpression: 'attribute_not_exists(#pk) OR #ttl < :now',
      ExpressionAttributeNames: { '#pk': 'pk', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':now': now / 1000 },
    })
  }

  async complete(receipts: readonly { readonly receipt: Receipt; readonly ttl: number }[]): Promise<void> {
    const puts = receipts.map(({ receipt, ttl }) => ({ PutRequest: { Item: loggedItem(receipt, ttl) } }))
    const batches = Array.from({ length: Math.ceil(puts.length / BATCH) }, (_, i) =>
      puts.slice(i * BATCH, (i + 1) * BATCH),
    )
    await settled(batches.map(async (batch) => this.#writeBatch(batch)))
  }

  async #writeBatch(batch: NonNullable<BatchWriteCommandInput['RequestItems']>[string]): Promise<void> {
    let left = batch
    for (let attempt = 0; attempt < BATCH_TRIES; attempt++) {
      const command = new BatchWriteCommand({ RequestItems: { [this.#table]: left } })
      const { UnprocessedItems } = await this.#limit(async () => this.#client.send(command))
      left = UnprocessedItems?.[this.#table] ?? []
      if (left.length === 0) return
      await pause(backoff(attempt))
    }
    throw new Error(
      `DynamoDB left ${left.length} receipts unwritten after ${BATCH_TRIES} tries: it is throttling`,
    )
  }

  async #get(pk: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const command = new GetCommand({ TableName: this.#table, Key: { pk, sk: HEAD_SK }, ConsistentRead: true })
    return (await this.#limit(async () => this.#client.send(command))).Item
  }

  async #query(
    input: Omit<QueryCommandInput, 'TableName'>,
  ): Promise<{ items: readonly Readonly<Record<string, unknown>>[]; more: boolean }> {
    const command = new QueryCommand({ TableName: this.#table, ...input })
    const { Items = [], LastEvaluatedKey } = await this.#limit(async () => this.#client.send(command))
    return { items: Items, more: LastEvaluatedKey !== undefined }
  }

  /** Tells whether the condition held. */
  async #putIf(input: Omit<PutCommandInput, 'TableName'>): Promise<boolean> {
    const command = new PutCommand({ TableName: this.#table, ...input })
    return held(this.#limit(async () => this.#client.send(command)))
  }
}

function inLog(
  userId: string,
  condition: string,
  values: Readonly<Record<string, number>> = {},
  names: Readonly<Record<string, string>> = {},
): Pick<
  QueryCommandInput,
  'KeyConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
> {
  return {
    KeyConditionExpression: condition,
    ExpressionAttributeNames: { '#pk': 'pk', ...names },
    ExpressionAttributeValues: { ':pk': logKey(userId), ...values },
  }
}
