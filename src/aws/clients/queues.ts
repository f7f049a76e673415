import { SQSClient } from '@aws-sdk/client-sqs'
import { bounded } from './bounded.ts'
import { CALL_MS, handlerWith, TRIES } from './limits.ts'

const SOCKETS = 50

export function createQueueClient(): SQSClient {
  const requestHandler = handlerWith(SOCKETS)
  return bounded(new SQSClient({ requestHandler, maxAttempts: TRIES }), 'SQS', CALL_MS)
}
