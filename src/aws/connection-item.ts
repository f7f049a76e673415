/** How a user's connections stand in their item: an attribute each, a list of when it was written, when its token ends, its device. */
import type { Connection } from '../core/ports.ts'

export type ConnectionsItem = Readonly<Record<string, unknown>>

/** Keeps connections apart from `pk`, `sk` and `ttl`. Short: names count towards the size that is paid for. */
const PREFIX = 'c#'

/**
 * API Gateway ends every connection after two hours (developer guide, page
 * apigateway-execution-service-websocket-limits-table). The slack is for clocks that differ.
 */
export const CONNECTION_LIFE_MS = (2 * 60 + 5) * 60_000

type Value = readonly [registeredAt: number, expiresAt: number, device?: string]

export function nameOf(connectionId: string): string {
  return `${PREFIX}${connectionId}`
}

export function valueOf({ registeredAt, expiresAt, device }: Connection): Value {
  return device === undefined ? [registeredAt, expiresAt] : [registeredAt, expiresAt, device]
}

/** Those that can still be alive, oldest first. */
export function connectionsIn(item: ConnectionsItem, userId: string, now: number): readonly Connection[] {
  return Object.entries(item)
    .filter(isConnection)
    .filter(([, value]) => !isDead(value, now))
    .map(([name, [registeredAt, expiresAt, device]]) => ({
      id: name.slice(PREFIX.length),
      userId,
      expiresAt,
      registeredAt,
      ...(device !== undefined && { device }),
    }))
    .sort((a, b) => a.registeredAt - b.registeredAt || (a.id < b.id ? -1 : 1))
}

/** The names of those that cannot be alive any more: `$disconnect` is best effort, so some stay behind. */
export function deadIn(item: ConnectionsItem, now: number): readonly string[] {
  return Object.entries(item)
    .filter(isConnection)
    .filter(([, value]) => isDead(value, now))
    .map(([name]) => name)
}

function isConnection(entry: readonly [string, unknown]): entry is [string, Value] {
  return entry[0].startsWith(PREFIX)
}

function isDead([registeredAt]: Value, now: number): boolean {
  return registeredAt + CONNECTION_LIFE_MS <= now
}
