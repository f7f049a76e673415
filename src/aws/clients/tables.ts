import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { bounded } from './bounded.ts'
import { CALL_MS, handlerWith, TRIES } from './limits.ts'

/** The log has up to 40 calls under way, the look-ups a few more; one that waits for a socket counts as not connecting. */
const SOCKETS = 64

export function createTableClient(): DynamoDBDocumentClient {
  const client = new DynamoDBClient({ requestHandler: handlerWith(SOCKETS), maxAttempts: TRIES })
  return bounded(DynamoDBDocumentClient.from(client), 'DynamoDB', CALL_MS)
}
