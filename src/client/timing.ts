/** Every time that the client goes by, in milliseconds. */
export interface Timing {
  /** A handshake, a token or a poll that takes longer has failed. */
  readonly answer: number
  /** A pong that takes longer: the connection is dead, whatever the socket says. */
  readonly pong: number
  /** A page of up to 124 KiB, over a slow network. */
  readonly page: number
  /** A handler that takes longer holds up the rest no more. */
  readonly handler: number
  /** Without a socket for so long, polling begins, even if a handshake is still under way. */
  readonly pollAfter: number
  /** The longest pause between two tries. */
  readonly longestPause: number
  /** A connection that held for so long was a good one: the pauses start short again. */
  readonly held: number
  /** Between two acks. */
  readonly ack: number
  /** The server closes a connection without messages after 10 minutes. A sleeping phone does not hear of it. */
  readonly idle: number
  /** The server closes every connection after so long. */
  readonly connection: number
  /** The most before the end of a token that the next one is fetched. */
  readonly tokenMargin: number
}

export const TIMING: Timing = {
  answer: 10_000,
  pong: 10_000,
  page: 30_000,
  handler: 30_000,
  pollAfter: 2_000,
  longestPause: 30_000,
  held: 10_000,
  ack: 1_000,
  idle: 600_000,
  connection: 7_200_000,
  tokenMargin: 60_000,
}
