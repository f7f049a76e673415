/** When all connections are lost at once: an outage of a network, or of API Gateway. A deployment does not close them. */
import { MILLISECONDS } from './assumptions.ts'

/** The client's, without a connection: its option `pollInterval`. */
export const POLL_SECONDS = 5

/** In which all are to be back. */
export const PATIENCE_SECONDS = 300

export interface Storm {
  readonly connections: number
  /** Handshakes a second with which all are back in time. */
  readonly connects: number
  /** A second, while none has a connection. Who is refused makes a longer pause. */
  readonly polls: number
  /** Functions at work at once for those handshakes. */
  readonly concurrency: number
}

export function stormOf(connections: number): Storm {
  const connects = connections / PATIENCE_SECONDS
  const each = MILLISECONDS.authorize + MILLISECONDS.connect + MILLISECONDS.resume
  return {
    ...{ connections, connects },
    polls: connections / POLL_SECONDS,
    concurrency: (connects * each) / 1000,
  }
}

/** Until all are back, in seconds, if so many handshakes a second are let through. */
export function secondsToReturn({ connections }: Storm, connectsPerSecond: number): number {
  return connections / connectsPerSecond
}
