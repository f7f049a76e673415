/**
 * What a client is doing. `docs/client.md` draws the machine and says what to show a user in each state.
 *
 * - `connecting`: nothing is known yet; at the start, and for the first try after a socket was lost
 * - `live`: a socket is open and has answered; events, and what was missed, come over it
 * - `polling`: no socket is to be had; events come by HTTP, some seconds late
 * - `offline`: neither works; what is on the screen may be old
 * - `closed`: `close()` was called
 */
export type State = 'connecting' | 'live' | 'polling' | 'offline' | 'closed'

/**
 * Why it is not `live`, where an app would act on it.
 *
 * - `unreachable`: the server cannot be reached, or does not answer; it is tried again by itself
 * - `unauthorized`: the server refuses the token, or `getToken` gave what is none: the user probably has to sign in again
 * - `evicted`: the user has more connections than the server allows, and this was the oldest; it polls until the app is looked at again
 */
export type Reason = 'unreachable' | 'unauthorized' | 'evicted'

/** One object as long as nothing changes, so that it can be compared by identity. */
export interface Status {
  readonly state: State
  readonly reason?: Reason | undefined
}
