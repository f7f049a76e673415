import { type ClientMessage, InvalidMessage, parseMessage } from './client-message.ts'
import { type ConnectDependencies, registerWithinCap } from './connect.ts'
import { errorFrame, eventsFrame, pongFrame } from './frames.ts'
import { LIMITS } from './limits.ts'
import type { Connection, DeviceLedger, EventLog } from './ports.ts'
import { dismiss } from './push.ts'
import { readLog } from './read.ts'

export interface MessageDependencies extends ConnectDependencies {
  readonly log: EventLog
  readonly devices: DeviceLedger
}

/** The connection that a message came over, as the gateway's authorizer context tells it. */
export type Sender = Pick<Connection, 'id' | 'userId' | 'expiresAt'>

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
      return resume(dependencies, sender, message.after, message.device)
    case 'ping':
      return pongFrame(await dependencies.log.head(sender.userId))
    case 'ack': {
      const { device, offset } = await progress(dependencies, sender, message)
      await dependencies.devices.acknowledge(sender.userId, device, offset)
      return undefined
    }
    case 'report': {
      const { device, offset } = await progress(dependencies, sender, message)
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
  after: number | undefined,
  device: string | undefined,
): Promise<string> {
  const { connections, clock, log } = dependencies
  const known = await connections.get(sender.userId, sender.id)
  if (known === undefined || (device !== undefined && known.device !== device)) {
    const name = device ?? known?.device
    const registeredAt = known?.registeredAt ?? clock.now()
    const connection = { ...sender, registeredAt, ...(name !== undefined && { device: name }) }
    await registerWithinCap(dependencies, connection)
  }
  if (after === undefined) {
    const head = await log.head(sender.userId)
    return eventsFrame({ entries: [], head, more: false, truncated: false })
  }
  const limits = { events: LIMITS.pageEvents, bytes: LIMITS.socketPageBytes }
  return eventsFrame(await readLog(log, sender.userId, { kind: 'after', offset: after }, limits))
}

/**
 * Whose progress a message tells: the device it names, else the one that `resume` named on this connection, else the
 * connection itself. Nobody can have applied what is not there yet, so an offset above the head means the head.
 */
async function progress(
  { connections, log }: MessageDependencies,
  sender: Sender,
  message: { readonly offset: number; readonly device?: string },
): Promise<{ device: string; offset: number }> {
  const [head, connection] = await Promise.all([
    log.head(sender.userId),
    message.device === undefined ? connections.get(sender.userId, sender.id) : undefined,
  ])
  const device = message.device ?? connection?.device ?? sender.id
  return { device, offset: Math.min(message.offset, head) }
}
