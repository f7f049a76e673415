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
  const perRecipient = await Promise.all(
    receipt.recipients.map(async (recipient) => targetsOf(dependencies.connections, recipient, text)),
  )
  const over = dependencies.clock.now() + LIMITS.pushDeadline
  const deliveries = await mapBounded(perRecipient.flat(), LIMITS.pushConcurrency, (target) =>
    deliver(dependencies, target, over),
  )
  let next = 0
  const recipients = receipt.recipients.map((recipient, i) => ({
    ...recipient,
    deliveries: deliveries.slice(next, (next += perRecipient[i]?.length ?? 0)),
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

async function targetsOf(
  connections: ConnectionRegistry,
  { userId, offset }: ReceiptRecipient,
  text: string,
): Promise<Target[]> {
  const frame = eventFrame(offset, text)
  return (await connections.ofUser(userId)).map((connection) => ({ connection, frame }))
}

async function deliver(
  dependencies: PushDependencies,
  { connection, frame }: Target,
  over: number,
): Promise<Delivery> {
  const { id, device } = connection
  const outcome = await tryPush(dependencies, connection, frame, over).catch((error: unknown) => {
    // One connection's trouble must not keep the others from being counted, nor the event from being acknowledged.
    dependencies.logger.error({ err: error, connectionId: id }, 'push failed')
    return 'failed' as const
  })
  return { connectionId: id, outcome, at: dependencies.clock.now(), ...(device !== undefined && { device }) }
}

async function tryPush(
  dependencies: PushDependencies,
  connection: Connection,
  frame: string,
  over: number,
): Promise<Outcome> {
  const now = dependencies.clock.now()
  if (now >= over) return 'failed'
  if (connection.expiresAt <= now) {
    await dismiss(dependencies, connection, 'expired')
    return 'expired'
  }
  const outcome = await dependencies.pusher.post(connection.id, frame)
  if (outcome === 'gone' && now - connection.registeredAt >= LIMITS.pruneGrace) {
    await dependencies.connections.remove(connection.userId, connection.id)
  }
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
