import { type ClientMessage, InvalidMessage, parseMessage, type ResumeMessage } from './client-message.ts'
import { type ConnectDependencies, registerWithinCap } from './connect.ts'
import { errorFrame, eventsFrame, pongFrame } from './frames.ts'
import { LIMITS } from './limits.ts'
import { NO_METRICS } from './metrics.ts'
import type { Connection, DeviceLedger, EventLog, LogEnd } from './ports.ts'
import { dismiss } from './push.ts'
import { readLog } from './read.ts'
import { isRevoked, tellRevoked } from './revoked.ts'

export interface MessageDependencies extends ConnectDependencies {
  readonly log: EventLog
  readonly devices: DeviceLedger
}

/** The connection that a message came over, as the gateway's authorizer context tells it. */
export interface Sender extends Pick<Connection, 'id' | 'userId' | 'expiresAt'> {
  /** When the token was issued that opened the connection, in milliseconds since 1970. */
  readonly issuedAt: number
}

/**
 * Handles one message.
 *
 * @returns the frame to answer with; nothing for `ack` and `report`, whose answer would cost a message
 */
export async function handleMessage(
  dependencies: MessageDependencies,
  sender: Sender,
  text: string,
): Promise<string | undefined> {
  if (sender.expiresAt <= dependencies.clock.now()) {
    await dismiss(dependencies, sender, 'expired')
    return undefined
  }
  try {
    return await answer(dependencies, sender, parseMessage(text))
  } catch (error) {
    if (error instanceof InvalidMessage) return errorFrame(error.code, error.message)
    dependencies.logger.error({ err: error, connectionId: sender.id }, 'message failed')
    return errorFrame('unavailable')
  }
}

async function answer(
  dependencies: MessageDependencies,
  sender: Sender,
  message: ClientMessage,
): Promise<string | undefined> {
  switch (message.action) {
    case 'resume':
      return resume(dependencies, sender, message)
    case 'ping':
      return pongFrame(await dependencies.log.head(sender.userId))
    case 'ack': {
      const told = await progress(dependencies, sender, message)
      await dependencies.devices.acknowledge(sender.userId, told.device, told.offset)
      measureApplied(dependencies, told)
      return undefined
    }
    case 'report': {
      const { device, offset } = await progress(dependencies, sender, message)
      dependencies.metrics?.add('handlerFailures', 1)
      await dependencies.devices.report(sender.userId, device, offset, message.error)
      dependencies.logger.warn(
        { userId: sender.userId, device, offset, error: message.error },
        'handler failed',
      )
      return undefined
    }
  }
}

/**
 * Register first, read then: see `pushEvent` for why this order leaves no hole. A connection that is open and yet not known
 * was pruned by mistake, or evicted and not closed: it counts as new, and the cap holds for it as well.
 */
async function resume(
  dependencies: MessageDependencies,
  sender: Sender,
  { after, device, repair = false }: ResumeMessage,
): Promise<string | undefined> {
  const { connections, clock, log, metrics = NO_METRICS } = dependencies
  const { id, userId, expiresAt, issuedAt } = sender
  const known = await connections.get(userId, id)
  if (known === undefined || (device !== undefined && known.device !== device)) {
    const name = device ?? known?.device
    const registeredAt = known?.registeredAt ?? clock.now()
    const connection = { id, userId, expiresAt, registeredAt, ...(name !== undefined && { device: name }) }
    await registerWithinCap(dependencies, connection)
    if (device !== undefined) await noteSeen(dependencies, userId, device)
  }
  // It may be unknown because the user was disconnected, and its socket could not be closed.
  if (known === undefined && (await isRevoked(dependencies.revocations, userId, issuedAt))) {
    tellRevoked(dependencies, userId, 'resume')
    await dismiss(dependencies, sender, 'disconnected')
    return undefined
  }
  metrics.add('resumes', 1)
  if (after === undefined) {
    const head = await log.head(userId)
    return eventsFrame({ entries: [], head, more: false, truncated: false })
  }
  const limits = { events: LIMITS.pageEvents, bytes: LIMITS.socketPageBytes }
  const result = await readLog(log, userId, { kind: 'after', offset: after }, limits)
  metrics.add('resumedEvents', result.entries.length)
  if (repair && result.entries.length > 0) metrics.add('repairs', 1)
  return eventsFrame(result)
}

/** Once for each connection. Nobody's events wait, or fail, for a note about their device. */
async function noteSeen(
  { devices, logger }: MessageDependencies,
  userId: string,
  device: string,
): Promise<void> {
  await devices.seen(userId, device).catch((error: unknown) => {
    logger.error({ err: error, userId, device }, 'device could not be noted as seen')
  })
}

/**
 * How long an event took to be applied can be told without a further read where it is the newest of its log, which is what
 * most acknowledgements are about. Of a connection that is younger than the event it says nothing: its device was away, or
 * acknowledges once more what it had before, and neither is a latency of ours.
 */
function measureApplied({ clock, metrics = NO_METRICS }: MessageDependencies, told: Progress): void {
  const { offset, end, connection } = told
  if (offset !== end.head || end.loggedAt === undefined) return
  if (connection === undefined || connection.registeredAt > end.loggedAt) return
  metrics.observe('publishToApplied', Math.max(0, clock.now() - end.loggedAt) / 1000)
}

interface Progress {
  readonly device: string
  readonly offset: number
  readonly end: LogEnd
  /** Over which it was told; not looked up where the message names the device. */
  readonly connection: Connection | undefined
}

/**
 * Whose progress a message tells: the device it names, else the one that `resume` named on this connection, else the
 * connection itself. Nobody can have applied what is not there yet, so an offset above the head means the head.
 */
async function progress(
  { connections, log }: MessageDependencies,
  sender: Sender,
  message: { readonly offset: number; readonly device?: string },
): Promise<Progress> {
  const [end, connection] = await Promise.all([
    log.end(sender.userId),
    message.device === undefined ? connections.get(sender.userId, sender.id) : undefined,
  ])
  const device = message.device ?? connection?.device ?? sender.id
  return { device, offset: Math.min(message.offset, end.head), end, connection }
}
