import { CAUSES, type Cause } from './causes.ts'

/** The links of the chain from a publisher to a screen. Stable: scripts may compare them. */
export const LINKS = [
  'server',
  'health',
  'clock',
  'reader_tokens',
  'publisher_token',
  'admin_token',
  'damaged_token',
  'handshake_header',
  'handshake_subprotocol',
  'handshake_query',
  'origin',
  'publish',
  'push',
  'duplicate',
  'polling',
  'resume',
  'receipt',
  'queue',
  'redis',
  'redis_in',
  'dead_letters',
] as const
export type LinkName = (typeof LINKS)[number]

export type Status = 'ok' | 'failed' | 'warning' | 'skipped'

/** What became of one link. */
export interface LinkReport {
  readonly link: LinkName
  readonly status: Status
  /** What was done. */
  readonly tried: string
  /** What came of it. */
  readonly came: string
  /** How long it took. */
  readonly ms: number
  readonly cause?: Cause
  readonly meaning?: string
  readonly remedy?: string
}

/** What a link that holds came to; `cause` makes it a warning. */
export interface Came {
  readonly came: string
  readonly cause?: Cause
}

/** The link does not hold. */
export class Broken extends Error {
  readonly code: Cause
  constructor(cause: Cause, came: string) {
    super(came)
    this.code = cause
  }
}

/** The link could not be tried, or does not exist here. */
export class Skipped extends Error {}

/** A cause in words. */
export function explained(cause: Cause): Pick<LinkReport, 'cause' | 'meaning' | 'remedy'> {
  return { cause, ...CAUSES[cause] }
}
