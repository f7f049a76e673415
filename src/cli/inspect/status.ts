import type { ConnectionStatus, DeviceStatus, UserStatus } from '../../core/why/user-status.ts'
import { type AdminOptions, ask } from './admin.ts'
import { print } from './print.ts'
import { segment } from './segment.ts'
import { counted, timeText } from './times.ts'

export interface UserOptions extends AdminOptions {
  readonly user: string
  readonly json?: boolean
}

/** Prints what is known of a user, but for their events. @throws CliError */
export async function status({ user, json = false, ...options }: UserOptions): Promise<void> {
  const path = `/api/v1/users/${segment('user', user)}/status`
  const { text, value } = await ask<UserStatus>(options, path)
  print(json ? text : linesOf(value))
}

function linesOf({ userId, head, loggedAt, seenAt, notBefore, connections, devices }: UserStatus): string[] {
  const newest = loggedAt === undefined ? 'no event is kept' : `the newest event is of ${timeText(loggedAt)}`
  return [
    userId,
    `  log: head ${head}, ${newest}`,
    seenAt === undefined ? '  never seen' : `  last seen ${timeText(seenAt)}`,
    ...(notBefore === undefined
      ? []
      : [`  disconnected: tokens issued before ${timeText(notBefore)} are refused`]),
    `  ${counted(connections.length, 'connection')} open`,
    ...connections.map((connection) => `    ${connectionText(connection)}`),
    `  ${counted(devices.length, 'device')} known`,
    ...devices.flatMap((device) => deviceLines(device).map((line) => `    ${line}`)),
  ]
}

function connectionText({ id, device, registeredAt, expiresAt, socket }: ConnectionStatus): string {
  const name = device === undefined ? 'without a device name' : `device ${device}`
  const since = `since ${timeText(registeredAt)}, its token ends ${timeText(expiresAt)}`
  return `${id}, ${name}: ${since}; ${socketText(socket)}`
}

function socketText(socket: ConnectionStatus['socket']): string {
  if (socket === 'gone') return 'but there is no such socket any more: the next push finds that out'
  if (socket === 'unknown') return 'its socket could not be asked for'
  return `last active ${timeText(socket.lastActiveAt)}`
}

function deviceLines({ device, acknowledged, behind = 0, seenAt, reports }: DeviceStatus): string[] {
  const progress =
    acknowledged === undefined
      ? 'has never acknowledged anything'
      : `acknowledged up to ${acknowledged.offset} at ${timeText(acknowledged.at)}, ${behind} behind the head`
  return [
    `${device}: ${progress}; last told anything about ${timeText(seenAt)}`,
    ...reports.map(
      ({ offset, error, at }) => `  its handler failed at offset ${offset}, ${timeText(at)}: ${error}`,
    ),
  ]
}
