import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { Logger, Redelivery } from '../core/ports.ts'

export interface SqsRedeliveryOptions {
  readonly client: SQSClient
  readonly queueUrl: string
  readonly logger: Logger
}

/** Entries of one ChangeMessageVisibilityBatch (API reference). */
const BATCH = 10

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

  async schedule(
    messages: readonly { readonly receiptHandle: string; readonly seconds: number }[],
  ): Promise<void> {
    const batches = Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, i) =>
      messages.slice(i * BATCH, (i + 1) * BATCH),
    )
    await Promise.all(batches.map(async (batch) => this.#change(batch)))
  }

  async #change(batch: Parameters<Redelivery['schedule']>[0]): Promise<void> {
    const Entries = batch.map(({ receiptHandle, seconds }, i) => {
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
