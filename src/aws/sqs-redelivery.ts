import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Logger, Redelivery, Retry } from '../core/ports.ts'

export interface SqsRedeliveryOptions {
  readonly client: SQSClient
  readonly queueUrl: string
  readonly logger: Logger
}

/** `Redelivery` by the messages' visibility timeouts. */
export class SqsRedelivery implements Redelivery {
  readonly #client: SQSClient
  readonly #queueUrl: string
  readonly #logger: Logger

  constructor({ client, queueUrl, logger }: SqsRedeliveryOptions) {
    this.#client = client
    this.#queueUrl = queueUrl
    this.#logger = logger
  }

  /** @param retries at most ten, which is the most that a FIFO queue's event source hands over at once */
  async schedule(retries: readonly Retry[]): Promise<void> {
    if (retries.length === 0) return
    const Entries = retries.map(({ receiptHandle, seconds }, i) => {
      return { Id: String(i), ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }
    })
    const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queueUrl, Entries })
    try {
      const { Failed: failed = [] } = await this.#client.send(command)
      if (failed.length > 0)
        this.#logger.warn({ failed }, 'messages come back only after the queue’s timeout')
    } catch (error) {
      this.#logger.warn({ err: error }, 'messages come back only after the queue’s timeout')
    }
  }
}
