import { SQSClient } from '@aws-sdk/client-sqs'
import { onTestFinished } from 'vitest'
import type { RunningTemplate } from '../../../src/template-runner/run-template.ts'

/** A client of the queues, until the test is over. */
export function sqs(running: RunningTemplate): SQSClient {
  const client = new SQSClient({
    endpoint: running.endpoints.sqs,
    region: 'us-east-1',
    credentials: { accessKeyId: 'tester', secretAccessKey: 'any' },
  })
  onTestFinished(() => {
    client.destroy()
  })
  return client
}
