/** Every time, in milliseconds, and every count that the client goes by. */

/** A handshake, a token or a storage that takes longer has failed. */
export const ANSWER = 10_000
/** A pong that takes longer: the connection is dead, whatever the socket says. */
export const PONG = 10_000
/** A page of up to 124 KiB, over a slow network. */
export const PAGE = 30_000
/** A handler that takes longer holds up the rest no more. */
export const HANDLER = 30_000
/** Without a socket for so long, polling begins, even if a handshake is still under way. */
export const POLL_AFTER = 2_000
/** The longest pause between two tries. */
export const LONGEST_PAUSE = 30_000
/** A connection that held for so long was a good one: the pauses start short again. */
export const HELD = 10_000
/** Between two acks. */
export const ACK = 1_000
/** The server closes a connection without messages after 10 minutes. A sleeping phone does not hear of it. */
export const IDLE = 600_000
/** The server closes every connection after so long. */
export const CONNECTION = 7_200_000

/** A token is kept for so long, even if by this device's clock it is about to end: the clock may be wrong. */
export const LEAST = 10_000
/** As many events as a page has. With so many waiting, more are left with the server until the app has caught up. */
export const ROOM = 100
/** While there is no connection, so many failures of handlers are kept to be told later. */
export const REPORTS = 20
