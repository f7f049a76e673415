import type { Outcome, ReceiptDetail } from './codes.ts'
import { boundDetail } from './delivery-detail.ts'
import { errorFrame, eventFrame } from './frames.ts'
import { LIMITS } from './limits.ts'
import { mapBounded } from './map-bounded.ts'
import { type Metrics, NO_METRICS } from './metrics.ts'
import type {
  Clock,
  Connection,
  ConnectionRegistry,
  Delivery,
  Logger,
  PostOutcome,
  Pusher,
  Receipt,
  ReceiptRecipient,
} from './ports.ts'

export interface PushDependencies {
  readonly connections: ConnectionRegistry
  readonly pusher: Pusher
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics?: Metrics
  /** How much receipts tell of deliveries. @default 'deliveries' */
  readonly receiptDetail?: ReceiptDetail
}

interface Target {
  readonly connection: Connection
  readonly frame: string
}

/**
 * Pushes an event that is in the logs to every connection of its recipients.
 *
 * The connections are looked up here, after the append: a client registers first and reads its log then, so either
 * its read sees the event or this look-up sees its connection. There is no third case.
 *
 * @returns the receipt's recipients, with their deliveries, as many as a receipt tells of
 */
export async function pushEvent(
  dependencies: PushDependencies,
  receipt: Receipt,
  text: string,
): Promise<readonly ReceiptRecipient[]> {
  const { connections, clock } = dependencies
  const open = await mapBounded(receipt.recipients, Infinity, ({ userId }) => connections.ofUser(userId))
  const over = clock.now() + LIMITS.pushDeadline
  const targets = receipt.recipients.flatMap(({ offset }, i) => targetsOf(open[i] ?? [], offset, text))
  const deliveries = await mapBounded(targets, LIMITS.pushConcurrency, (target) =>
    deliver(dependencies, target, over),
  )
  let next = 0
  const recipients = receipt.recipients.map((recipient, i) => ({
    ...recipient,
    deliveries: deliveries.slice(next, (next += open[i]?.length ?? 0)),
  }))
  measure(dependencies, receipt, deliveries)
  return boundDetail(recipients, dependencies.receiptDetail)
}

function measure(
  { metrics = NO_METRICS }: PushDependencies,
  { acceptedAt }: Receipt,
  deliveries: readonly Delivery[],
): void {
  for (const { outcome, at } of deliveries) {
    metrics.add('deliveries', 1, outcome)
    if (outcome === 'sent') metrics.observe('publishToPush', Math.max(0, at - acceptedAt) / 1000)
  }
}

function targetsOf(open: readonly Connection[], offset: number, text: string): readonly Target[] {
  if (open.length === 0) return []
  // Written once, however many sockets the user has.
  const frame = eventFrame(offset, text)
  return open.map((connection) => ({ connection, frame }))
}

function deliver(
  dependencies: PushDependencies,
  { connection, frame }: Target,
  over: number,
): Delivery | Promise<Delivery> {
  const delivered = (outcome: Outcome): Delivery => deliveryTo(connection, outcome, dependencies.clock.now())
  const failed = (error: unknown): Delivery => {
    // One connection's trouble must not keep the others from being counted, nor the event from being acknowledged.
    dependencies.logger.error({ err: error, connectionId: connection.id }, 'push failed')
    return delivered('failed')
  }
  try {
    const outcome = tryPush(dependencies, connection, frame, over)
    return outcome instanceof Promise ? outcome.then(delivered, failed) : delivered(outcome)
  } catch (error) {
    return failed(error)
  }
}

function deliveryTo({ id, device }: Connection, outcome: Outcome, at: number): Delivery {
  return { connectionId: id, outcome, at, ...(device !== undefined && { device }) }
}

function tryPush(
  dependencies: PushDependencies,
  connection: Connection,
  frame: string,
  over: number,
): Outcome | Promise<Outcome> {
  const now = dependencies.clock.now()
  if (now >= over) return 'failed'
  if (connection.expiresAt <= now) {
    return dismiss(dependencies, connection, 'expired').then(() => 'expired')
  }
  const posted = dependencies.pusher.post(connection.id, frame)
  if (posted === 'sent') return posted
  return settled(dependencies, connection, now, posted)
}

async function settled(
  { connections }: PushDependencies,
  { userId, id, registeredAt }: Connection,
  now: number,
  posted: PostOutcome | Promise<PostOutcome>,
): Promise<Outcome> {
  const outcome = await posted
  if (outcome === 'gone' && now - registeredAt >= LIMITS.pruneGrace) await connections.remove(userId, id)
  return outcome
}

/** Tells a client why, closes its socket and forgets the connection. @returns whether its socket is closed now */
export async function dismiss(
  { connections, pusher, logger }: Pick<PushDependencies, 'connections' | 'pusher' | 'logger'>,
  { userId, id }: Pick<Connection, 'userId' | 'id'>,
  reason: 'evicted' | 'disconnected' | 'expired',
): Promise<boolean> {
  logger.info({ userId, connectionId: id, reason }, 'connection dismissed')
  // Out of the registry first: whatever is published from here on is not pushed to it.
  await connections.remove(userId, id)
  await pusher.post(id, errorFrame(reason))
  return pusher.close(id)
}
