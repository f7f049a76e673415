import type { Trigger } from '../invocation.ts'
import { RequestTooLargeError } from './function-error.ts'

/** Of the event that somebody who waits for the answer sends. Source: Lambda developer guide, page gettingstarted-limits. */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024

/** Of an event that is queued; 256 KB until October 2025. Source: the same page. */
const MAX_QUEUED_BYTES = 1024 * 1024

const queued: ReadonlySet<Trigger> = new Set(['rule', 'async'])

/**
 * The event as it goes to Lambda.
 *
 * @throws RequestTooLargeError in Lambda's own words
 */
export function payloadOf(event: unknown, trigger: Trigger): string {
  const payload = JSON.stringify(event ?? null)
  const bytes = Buffer.byteLength(payload)
  if (queued.has(trigger) && bytes > MAX_QUEUED_BYTES) {
    throw new RequestTooLargeError(
      `${bytes} byte payload is too large for the Event invocation type (limit ${MAX_QUEUED_BYTES} bytes)`,
    )
  }
  if (bytes <= MAX_REQUEST_BYTES) return payload
  throw new RequestTooLargeError(
    `Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the InvokeFunction operation`,
  )
}
