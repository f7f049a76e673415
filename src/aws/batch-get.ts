import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Clock } from '../core/ports.ts'
import { backoff, pause as wait } from './log/backoff.ts'
import type { Found } from './merged-lookups.ts'

type Item = Readonly<Record<string, unknown>>

export interface BatchGetOptions {
  readonly client: DynamoDBDocumentClient
  readonly table: string
  readonly sortKey: string
  readonly clock: Clock
  /** Waits so many milliseconds before it asks again. */
  readonly pause?: (ms: number) => Promise<void>
}

/** How long DynamoDB may go on leaving items out, in milliseconds: an event has other recipients, and they wait. */
const PATIENCE_MS = 5000

/**
 * The items of up to 100 partition keys under one sort key, by consistent reads. DynamoDB leaves some out when it
 * throttles, or where all of them are over 16 MB; those are asked for again.
 *
 * @returns an error for each key that was still left out in the end; the others are not held up by it
 */
export async function getBatch(
  { client, table, sortKey, clock, pause = wait }: BatchGetOptions,
  keys: readonly string[],
): Promise<Found<Item>> {
  const found = new Map<string, Item | Error>()
  let left: readonly string[] = keys
  const over = clock.now() + PATIENCE_MS
  for (let attempt = 0; left.length > 0 && clock.now() < over; attempt++) {
    if (attempt > 0) await pause(backoff(attempt - 1))
    const request = { Keys: left.map((pk) => ({ pk, sk: sortKey })), ConsistentRead: true }
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({ RequestItems: { [table]: request } }),
    )
    for (const item of Responses?.[table] ?? []) found.set(item['pk'] as string, item)
    left = (UnprocessedKeys?.[table]?.Keys ?? []).map((key) => key['pk'] as string)
  }
  for (const key of left) {
    found.set(
      key,
      new Error(`DynamoDB did not read ${sortKey} of ${key} within ${PATIENCE_MS} ms: it is throttling`),
    )
  }
  return found
}
