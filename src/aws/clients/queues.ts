import { SQSClient } from '@aws-sdk/client-sqs'
import { bounded } from './bounded.ts'
import { CALL_MS, handlerWith, TRIES } from './limits.ts'

const SOCKETS = 50

/** @param region by default the one that the SDK finds */
export function createQueueClient(region?: string): SQSClient {
  const requestHandler = handlerWith(SOCKETS)
  const client = new SQSClient({
    requestHandler,
    maxAttempts: TRIES,
    ...(region !== undefined && { region }),
  })
  return bounded(client, 'SQS', CALL_MS)
}
