import { setTimeout as pause } from 'node:timers/promises'
import type { AwsClient } from '../aws-client.ts'
import type { LambdaFunctions } from '../functions/lambda-functions.ts'
import { MAX_REQUEST_BYTES } from '../functions/payload.ts'
import type { JsonObject } from '../json.ts'
import type { RunnerLog } from '../runner-log.ts'
import type { EventSource } from './event-source.ts'
import { type ReceivedMessage, failedMessages, invocableParts, sqsEvent } from './sqs-event.ts'

export interface QueuePollerSettings {
  readonly source: EventSource
  readonly region: string
  /** Signs with the function's role, which is whose permissions count. */
  readonly client: AwsClient
  /** Where the queue is on this machine. */
  readonly queueUrl: string
  readonly functions: LambdaFunctions
  readonly log: RunnerLog
  readonly maxBatches: number
}

/** Longest long poll that SQS knows, in seconds. */
const LONG_POLL = 20
/** A single ReceiveMessage, or DeleteMessageBatch, takes no more. */
const MAX_RECEIVE = 10
/** Fauxqs ends long polls early, with nothing; the next must not follow at once. In milliseconds. */
const AFTER_NOTHING = 20
const AFTER_ERROR = 200

/**
 * Lambda's poller for one event source mapping. Several batches run at once; of a FIFO queue's group only one, since the
 * queue hands out nothing of a group of which something is in flight.
 */
export class QueuePoller {
  readonly #settings: QueuePollerSettings
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #loop: Promise<void> | undefined

  constructor(settings: QueuePollerSettings) {
    this.#settings = settings
  }

  start(): void {
    this.#loop ??= this.#poll()
  }

  /** Receives no more; resolves when all batches are done with. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
    await Promise.all(this.#running)
    this.#settings.client.close()
  }

  async #poll(): Promise<void> {
    const limit = this.#settings.source.maxConcurrency ?? this.#settings.maxBatches
    while (!this.#isStopping) {
      if (this.#running.size >= limit) await Promise.race(this.#running)
      const batch = await this.#collect()
      if (batch.length === 0) {
        await this.#pause(AFTER_NOTHING)
        continue
      }
      const running = this.#process(batch).finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
  }

  /** Fauxqs gives at most one message of a group at a time, so a batch of several groups takes several receives. */
  async #collect(): Promise<ReceivedMessage[]> {
    const { batchSize, windowMs } = this.#settings.source
    const batch = await this.#receive(batchSize, LONG_POLL)
    if (batch.length === 0) return batch
    const windowEnds = Date.now() + windowMs
    while (batch.length < batchSize && !this.#isStopping) {
      const left = Math.max(0, Math.floor((windowEnds - Date.now()) / 1000))
      const more = await this.#receive(batchSize - batch.length, Math.min(left, LONG_POLL))
      batch.push(...more)
      if (more.length === 0 && left === 0) break
    }
    return batch
  }

  async #receive(most: number, waitSeconds: number): Promise<ReceivedMessage[]> {
    const { client, queueUrl, log, source } = this.#settings
    const input = {
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(most, MAX_RECEIVE),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }
    try {
      const { Messages: messages } = await client.call('ReceiveMessage', input, this.#stopping.signal)
      return (messages ?? []) as ReceivedMessage[]
    } catch (error) {
      if (this.#isStopping) return []
      log.warn({ eventSource: source.id, error: describe(error) }, 'receiving from a queue failed')
      await this.#pause(AFTER_ERROR)
      return []
    }
  }

  async #process(batch: readonly ReceivedMessage[]): Promise<void> {
    const { source, region } = this.#settings
    for (const part of invocableParts(batch, source.queueArn, region, MAX_REQUEST_BYTES)) {
      const done = await this.#invoke(part)
      for (let from = 0; from < done.length; from += MAX_RECEIVE)
        await this.#delete(done.slice(from, from + MAX_RECEIVE))
      // What comes later may be of a group in which something failed, and waits for that.
      if (done.length < part.length) return
    }
  }

  /** @returns the messages that are done with; the others come back when their visibility timeout ends */
  async #invoke(batch: readonly ReceivedMessage[]): Promise<readonly ReceivedMessage[]> {
    const { source, region, functions, log } = this.#settings
    const facts = { trigger: 'queue', records: batch.length } as const
    try {
      const result = await functions.invoke(
        source.functionId,
        sqsEvent(batch, source.queueArn, region),
        facts,
      )
      if (!source.reportsFailures) return batch
      const failed = failedMessages(result, batch)
      if (failed) return batch.filter(({ MessageId: id }) => !failed.has(id))
      log.warn(
        { eventSource: source.id, result },
        'batchItemFailures cannot be understood: the whole batch fails',
      )
    } catch (error) {
      log.warn({ eventSource: source.id, error: describe(error) }, 'a batch failed')
    }
    return []
  }

  async #delete(messages: readonly ReceivedMessage[]): Promise<void> {
    const { client, queueUrl, log, source } = this.#settings
    const entries = messages.map(({ ReceiptHandle: handle }, index) => ({
      Id: String(index),
      ReceiptHandle: handle,
    }))
    try {
      const { Failed: failed } = await client.call('DeleteMessageBatch', {
        QueueUrl: queueUrl,
        Entries: entries,
      })
      if (Array.isArray(failed) && failed.length > 0) {
        log.warn({ eventSource: source.id, failed: failed as JsonObject[] }, 'messages were not deleted')
      }
    } catch (error) {
      log.warn({ eventSource: source.id, error: describe(error) }, 'messages were not deleted')
    }
  }

  /** A getter, so that the compiler does not take it for settled across an await. */
  get #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined)
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
