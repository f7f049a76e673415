import { mapBounded } from '../map-bounded.ts'
import type {
  Acknowledgement,
  Connection,
  ConnectionRegistry,
  DeviceLedger,
  DeviceState,
  EventLog,
  Revocations,
  SocketProbe,
  SocketState,
} from '../ports.ts'

export interface StatusDependencies {
  readonly log: EventLog
  readonly devices: DeviceLedger
  readonly connections: ConnectionRegistry
  readonly revocations: Revocations
  readonly probe: SocketProbe
}

export interface ConnectionStatus extends Omit<Connection, 'userId'> {
  /** What the gateway says of it. */
  readonly socket: SocketState | 'gone' | 'unknown'
}

export interface DeviceStatus extends Omit<DeviceState, 'acknowledgements'> {
  readonly acknowledged?: Acknowledgement
  /** How many offsets there are between its last acknowledgement and the head. */
  readonly behind?: number
}

/** Everything that is known of one user, but for their events. */
export interface UserStatus {
  readonly userId: string
  readonly head: number
  /** When the newest event was logged, if it is still kept. */
  readonly loggedAt?: number
  /** When anything was heard of them last: a socket's traffic, or what a device told. */
  readonly seenAt?: number
  /** Tokens issued before are refused. */
  readonly notBefore?: number
  readonly connections: readonly ConnectionStatus[]
  readonly devices: readonly DeviceStatus[]
}

/** Under way at once. */
const PROBES = 20

export async function userStatus(dependencies: StatusDependencies, userId: string): Promise<UserStatus> {
  const { log, devices, connections, revocations, probe } = dependencies
  const [{ head, loggedAt }, states, open, notBefore] = await Promise.all([
    log.end(userId),
    devices.ofUser(userId),
    connections.ofUser(userId),
    revocations.notBefore(userId),
  ])
  const probed = await mapBounded(open, PROBES, async ({ userId: _, ...connection }) => {
    return { ...connection, socket: await probe.stateOf(connection.id) }
  })
  const seen = [...states.map(({ seenAt }) => seenAt), ...probed.map(lastActive)]
  return {
    userId,
    head,
    ...(loggedAt !== undefined && { loggedAt }),
    ...(seen.length > 0 && { seenAt: seen.reduce((latest, at) => Math.max(latest, at)) }),
    ...(notBefore !== undefined && { notBefore }),
    connections: probed,
    devices: states.map((state) => statusOf(state, head)),
  }
}

function lastActive({ socket, registeredAt }: ConnectionStatus): number {
  return typeof socket === 'string' ? registeredAt : socket.lastActiveAt
}

function statusOf({ acknowledgements, ...state }: DeviceState, head: number): DeviceStatus {
  const acknowledged = acknowledgements.at(-1)
  if (acknowledged === undefined) return state
  return { ...state, acknowledged, behind: Math.max(0, head - acknowledged.offset) }
}
