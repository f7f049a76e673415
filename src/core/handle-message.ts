import { type ClientMessage, InvalidMessage, parseMessage, type ResumeMessage } from './client-message.ts'
import { admit, type ConnectDependencies } from './connect.ts'
import { errorFrame, eventsFrame, pongFrame } from './frames.ts'
import { LIMITS } from './limits.ts'
import { NO_METRICS } from './metrics.ts'
import type { Connection, DeviceLedger, EventLog, LogEnd } from './ports.ts'
import { dismiss } from './push.ts'
import { noteDevice } from './note-device.ts'
import { type ReadResult, readLog } from './read.ts'
import { tellRevoked } from './revoked.ts'

export interface MessageDependencies extends ConnectDependencies {
  readonly log: EventLog
  readonly devices: DeviceLedger
}

/** The connection that a message came over, as the gateway's authorizer context tells it. */
export interface Sender extends Pick<Connection, 'id' | 'userId' | 'expiresAt'> {
  /** When the token was issued that opened the connection, in milliseconds since 1970. */
  readonly issuedAt: number
  /** When the connection was opened, in milliseconds since 1970. */
  readonly connectedAt: number
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
      measureApplied(dependencies, sender, told)
      return undefined
    }
    case 'report':
      await report(dependencies, sender, message)
      return undefined
  }
}

/** One that is about no event of this log says nothing about any other: it may be meant for a log that is no more. */
async function report(
  dependencies: MessageDependencies,
  sender: Sender,
  message: Extract<ClientMessage, { action: 'report' }>,
): Promise<void> {
  const { devices, logger, metrics = NO_METRICS } = dependencies
  const { userId } = sender
  const { offset, error } = message
  const { device, end } = await progress(dependencies, sender, message)
  const isKnown = offset <= end.head
  const fields = { userId, device, offset, error }
  logger.warn(
    fields,
    isKnown ? 'handler failed' : 'a handler failed, on an event that this log does not have',
  )
  if (!isKnown) return
  metrics.add('handlerFailures', 1)
  await devices.report(userId, device, offset, error)
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
  const { userId } = sender
  const known = await connections.get(userId, sender.id)
  const isNew = known === undefined || (device !== undefined && known.device !== device)
  const mayStay = isNew
    ? await introduce(dependencies, sender, known, device)
    : // An administrator has ended it, and its socket could not be closed.
      known.expiresAt > clock.now()
  if (!mayStay) {
    tellRevoked(dependencies, userId, 'resume')
    await dismiss(dependencies, sender, 'disconnected')
    return undefined
  }
  metrics.add('resumes', 1)
  const result = await readFrom(log, userId, after)
  const isFromNow = after === undefined || result.truncated
  if (device !== undefined && (isNew || isFromNow)) {
    await noteDevice(dependencies, userId, device, isFromNow ? { begins: result.head } : { after })
  }
  metrics.add('resumedEvents', result.entries.length)
  if (repair && result.entries.length > 0) metrics.add('repairs', 1)
  return eventsFrame(result)
}

/** Without `after` only the head is asked for. */
async function readFrom(log: EventLog, userId: string, after: number | undefined): Promise<ReadResult> {
  if (after === undefined) {
    return { entries: [], head: await log.head(userId), more: false, truncated: false }
  }
  const limits = { events: LIMITS.pageEvents, bytes: LIMITS.socketPageBytes }
  return readLog(log, userId, { kind: 'after', offset: after }, limits)
}

/** Registers a connection that is open and not known, or not by this device's name. @returns whether it was let in */
async function introduce(
  dependencies: MessageDependencies,
  { id, userId, expiresAt, issuedAt }: Sender,
  known: Connection | undefined,
  device: string | undefined,
): Promise<boolean> {
  const name = device ?? known?.device
  const registeredAt = known?.registeredAt ?? dependencies.clock.now()
  const connection = { id, userId, expiresAt, registeredAt, ...(name !== undefined && { device: name }) }
  return (await admit(dependencies, connection, issuedAt)) !== undefined
}

/**
 * How long an event took to be applied can be told without a further read where it is the newest of its log, which is what
 * most acknowledgements are about. Of a connection that is younger than the event it says nothing: its device was away, or
 * acknowledges once more what it had before, and neither is a latency of ours.
 */
function measureApplied(
  { clock, metrics = NO_METRICS }: MessageDependencies,
  { connectedAt }: Sender,
  { offset, end }: Progress,
): void {
  if (offset !== end.head || end.loggedAt === undefined || connectedAt > end.loggedAt) return
  metrics.observe('publishToApplied', Math.max(0, clock.now() - end.loggedAt) / 1000)
}

interface Progress {
  readonly device: string
  readonly offset: number
  readonly end: LogEnd
}

/**
 * Whose progress a message tells: the device it names, else the one that `resume` named on this connection, which is looked up for
 * that, else the connection itself. Whatever it names is a device of the token's user. Nobody can have applied what is not there
 * yet, so an acknowledgement above the head means the head.
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
  return { device, offset: Math.min(message.offset, end.head), end }
}
