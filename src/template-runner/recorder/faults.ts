import type { AwsCall } from '../aws-call.ts'

/** A call that has not been made yet. */
export type PendingCall = Pick<
  AwsCall,
  'at' | 'caller' | 'onBehalfOf' | 'service' | 'operation' | 'resources' | 'request'
>

/** What the caller gets instead: the connection is cut, or an error of AWS. */
export type Fault =
  'drop' | { readonly status: number; readonly errorType: string; readonly message?: string }

/**
 * Hooks for tests. Each may take its time, which delays the call; nothing, or `undefined`, lets it go on. They may be
 * set and replaced at any time.
 */
export interface Faults {
  /** Before the engine sees the call. With a fault it never does. */
  before?: ((call: PendingCall) => Fault | undefined | Promise<Fault | undefined>) | undefined
  /** The engine has done it; with a fault the caller does not get to know. */
  after?: ((call: AwsCall) => Fault | undefined | Promise<Fault | undefined>) | undefined
}
