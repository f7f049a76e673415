import { SQSClient } from '@aws-sdk/client-sqs'
import { type FauxqsServer, startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

const FIFO = {
  FifoQueue: 'true',
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
}

/** A fauxqs for the tests of a file. */
export function useQueues() {
  let server: FauxqsServer
  let count = 0
  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false })
  })
  afterAll(() => server.stop())

  return {
    /** A FIFO queue, empty, and a client of its service. */
    createQueue() {
      const name = `queue-${++count}.fifo`
      const { queueUrl } = server.createQueue(name, { attributes: FIFO })
      const client = new SQSClient({
        endpoint: server.address,
        region: 'us-east-1',
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      })
      onTestFinished(() => {
        client.destroy()
      })
      /** What is in the queue, in the order in which it came. */
      const messages = () => {
        const ready = server.inspectQueue(name)?.messages.ready ?? []
        // By group it has them; their numbers say in which order they came.
        return ready.toSorted((a, b) => Number(BigInt(a.sequenceNumber ?? 0) - BigInt(b.sequenceNumber ?? 0)))
      }
      return { client, queueUrl, messages }
    },
  }
}
