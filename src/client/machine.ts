import type { Reason, State, Status } from './status.ts'

/**
 * What moves a client from one state to another.
 *
 * - `joined`: a connection is open and has answered
 * - `lost`: the connection is gone
 * - `polled`: a poll has been answered
 * - `failed`: there is no connection, and no poll was answered either
 * - `closed`: the app has ended it
 */
export type Happening = 'joined' | 'lost' | 'polled' | 'failed' | 'closed'

const WITHOUT_CONNECTION = { joined: 'live', polled: 'polling', failed: 'offline', closed: 'closed' } as const

/** The whole machine, as `docs/client.md` draws it. What is not listed changes nothing. */
export const NEXT: Readonly<Record<State, Readonly<Partial<Record<Happening, State>>>>> = {
  connecting: WITHOUT_CONNECTION,
  live: { lost: 'connecting', closed: 'closed' },
  polling: WITHOUT_CONNECTION,
  offline: WITHOUT_CONNECTION,
  closed: {},
}

/** The status after something happened: the same object, if it says the same. */
export function nextStatus(status: Status, happening: Happening, reason?: Reason): Status {
  const state = NEXT[status.state][happening]
  if (state === undefined || (state === status.state && reason === status.reason)) return status
  return { state, reason }
}
