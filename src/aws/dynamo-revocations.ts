import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Revocations } from '../core/ports.ts'
import { held } from './condition.ts'

export interface DynamoRevocationsOptions {
  readonly client: DynamoDBDocumentClient
  /** The connections' table: partition key `pk`, sort key `sk` (both strings). */
  readonly table: string
}

/** Beside the user's connections. It has no TTL: a token may be valid for longer than anything is kept. */
const SORT_KEY = 'not-before'

/** `Revocations` on DynamoDB: an item for each user who was ever disconnected. */
export class DynamoRevocations implements Revocations {
  readonly #client: DynamoDBDocumentClient
  readonly #table: string

  constructor({ client, table }: DynamoRevocationsOptions) {
    this.#client = client
    this.#table = table
  }

  async revoke(userId: string, issuedBefore: number): Promise<void> {
    const command = new UpdateCommand({
      ...this.#keyOf(userId),
      UpdateExpression: 'SET #at = :at',
      // Whoever was later says more.
      ConditionExpression: 'attribute_not_exists(#at) OR #at < :at',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':at': issuedBefore },
    })
    await held(this.#client.send(command))
  }

  async notBefore(userId: string): Promise<number | undefined> {
    const { Item } = await this.#client.send(new GetCommand({ ...this.#keyOf(userId), ConsistentRead: true }))
    return Item?.['at'] as number | undefined
  }

  #keyOf(userId: string) {
    return { TableName: this.#table, Key: { pk: userId, sk: SORT_KEY } }
  }
}
