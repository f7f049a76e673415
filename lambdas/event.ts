import { type AcceptedEvent, parseEvent } from '../src/core/event.ts'
import type { Clock, DeadLetter, DeadLetters, Logger, Redelivery, Retry } from '../src/core/ports.ts'
import { type Metrics, NO_METRICS } from '../src/core/metrics.ts'
import type { Publisher, PublishResult } from '../src/core/publish.ts'
import { isFinal } from '../src/core/refusals.ts'
import { groupOf, isQueueBatch, type QueueRecord, type QueueResult, receivesOf } from './shared/queue.ts'
import { sha256 } from '../src/process/sha256.ts'

export interface Dependencies {
  readonly publisher: Publisher
  readonly deadLetters: DeadLetters
  readonly redelivery: Redelivery
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics?: Metrics
}

/** The group of dead letters that came without one. */
const DIRECT = 'direct'

/**
 * After the first failure, after each further one so many times longer, and at the longest. By itself a message comes back
 * after the queue's visibility timeout, which is six times this function's: minutes, for a call that was throttled once.
 */
const RETRY = { firstSeconds: 2, factor: 4, mostSeconds: 300 }

/**
 * Publishes what came through the queue, up to ten events at once, or by an EventBridge rule, which hands over one event
 * as it is (`$.detail`). What can never be published goes to the dead letters with its reason, at once: further tries
 * would hold up its group for nothing. What failed comes again: from the queue, or by Lambda's own retries.
 */
export function createHandler(dependencies: Dependencies) {
  return async (event: unknown): Promise<QueueResult | undefined> => {
    if (isQueueBatch(event)) return publishBatch(dependencies, event.Records)
    await publishDirectly(dependencies, JSON.stringify(event ?? null))
    return undefined
  }
}

/** A message of the queue, and how it went. */
interface Handled {
  readonly record: QueueRecord
  readonly result: PublishResult | Error
}

async function publishBatch(
  dependencies: Dependencies,
  records: readonly QueueRecord[],
): Promise<QueueResult> {
  measureWaits(dependencies, records)
  const results = await dependencies.publisher.publishAll(records.map(({ body }) => parsed(body)))
  const groups = new Map<string, Handled[]>()
  for (const [i, record] of records.entries()) {
    const group = groupOf(record)
    const handled = { record, result: results[i] ?? new Error('the publisher gave no answer') }
    groups.set(group, [...(groups.get(group) ?? []), handled])
  }
  const failed = await Promise.all(
    [...groups].map(async ([group, handled]) => settleGroup(dependencies, group, handled)),
  )
  await dependencies.redelivery.schedule(failed.flatMap(retriesOf))
  return { batchItemFailures: failed.flat().map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

/** Of messages that come for the first time: one that failed waits because it is told to. */
function measureWaits({ clock, metrics = NO_METRICS }: Dependencies, records: readonly QueueRecord[]): void {
  for (const record of records) {
    const sentAt = Number(record.attributes.SentTimestamp)
    if (receivesOf(record) > 1 || Number.isNaN(sentAt)) continue
    metrics.observe('queueWait', Math.max(0, clock.now() - sentAt) / 1000)
  }
}

/** All of a group at the same time: as long as one of its messages is in flight, SQS hands out none. */
function retriesOf(group: readonly QueueRecord[]): readonly Retry[] {
  const [first] = group
  if (first === undefined) return []
  const seconds = RETRY.firstSeconds * RETRY.factor ** (receivesOf(first) - 1)
  return group.map(({ receiptHandle }) => {
    return { receiptHandle, seconds: Math.min(seconds, RETRY.mostSeconds) }
  })
}

/**
 * Puts the dead ones of a group away.
 *
 * @returns what SQS must deliver again: the first that failed and every later one of the group, also where it
 *   was published, for on a FIFO queue nothing after a failure may be deleted; publishing it once more changes nothing
 */
async function settleGroup(
  dependencies: Dependencies,
  group: string,
  handled: readonly Handled[],
): Promise<readonly QueueRecord[]> {
  for (const [i, { record, result }] of handled.entries()) {
    const { messageId, body: text } = record
    const error = await settle(dependencies, { text, group, messageId }, result)
    if (error === undefined) continue
    const [, ...waiting] = handled.slice(i).map((later) => later.record)
    const behind = waiting.map((later) => later.messageId)
    dependencies.logger.error({ err: error, messageId, group, behind }, 'message failed')
    return [record, ...waiting]
  }
  return []
}

async function publishDirectly(dependencies: Dependencies, text: string): Promise<void> {
  const [result = new Error('the publisher gave no answer')] = await dependencies.publisher.publishAll([
    parsed(text),
  ])
  const error = await settle(dependencies, { text, group: DIRECT }, result)
  if (error !== undefined) throw error
}

/** @returns what keeps the message from being done with: it has to come again */
async function settle(
  { deadLetters, logger, metrics = NO_METRICS }: Dependencies,
  letter: DeadLetter,
  result: PublishResult | Error,
): Promise<Error | undefined> {
  if (!(result instanceof Error)) return undefined
  if (!isFinal(result)) return result
  const { code, message, facts } = result
  logger.error({ code, detail: message, ...facts, group: letter.group }, 'message can never be published')
  try {
    await deadLetters.put(letter, { code, message, ...(facts.path !== undefined && { path: facts.path }) })
    metrics.add('deadLetters', 1, code)
    return undefined
  } catch (error) {
    return asError(error)
  }
}

function parsed(text: string): AcceptedEvent | Error {
  try {
    return parseEvent(text, sha256)
  } catch (error) {
    return asError(error)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
