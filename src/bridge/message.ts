import { isUtf8 } from 'node:buffer'
import { FanoutError } from '../core/errors.ts'
import { type AcceptedEvent, parseEvent } from '../core/event.ts'
import { LIMITS } from '../core/limits.ts'
import type { MessageNumber } from '../publisher/redis/wire.ts'
import { sha256 } from '../process/sha256.ts'

/** What Redis has given, before anybody knows whether it is an event. */
export interface Message {
  /** Should be the event's JSON. */
  readonly bytes: Buffer
  /** Of publishers that number their messages. */
  readonly number?: MessageNumber
  /** The id of the stream entry that it came with. */
  readonly entry?: string
  /** What is wrong with it as a message of Redis. */
  readonly problem?: Reason
}

/** Why a message can never be published. */
export interface Reason {
  /** One of docs/publishing.md's problems, or `not_utf8`, `no_event_field`. Stable. */
  readonly code: string
  readonly message: string
  /** JSON Pointer (RFC 6901) to the field that is wrong. */
  readonly path?: string
  /** What the event was refused with, where it was read as one. */
  readonly error?: FanoutError
}

export type Verdict = 'published' | 'duplicate' | Reason

/** A message that the bridge is done with, once Redis knows. */
export interface Settled {
  readonly message: Message
  readonly verdict: Verdict
}

export function isReason(verdict: Verdict | AcceptedEvent): verdict is Reason {
  return typeof verdict === 'object' && 'code' in verdict
}

/** The event that a message is, or why it is none. */
export function eventOf({ bytes, problem }: Message): AcceptedEvent | Reason {
  if (problem !== undefined) return problem
  if (bytes.length > LIMITS.batchBytes) return tooLarge(bytes.length)
  if (!isUtf8(bytes)) {
    return {
      code: 'not_utf8',
      message: `the message is ${bytes.length} bytes that are not UTF-8; publish the event as JSON text`,
    }
  }
  try {
    return parseEvent(bytes.toString(), sha256)
  } catch (error) {
    if (error instanceof FanoutError) return reasonOf(error)
    throw error
  }
}

/** Not even read as text: Redis's messages may have more characters than a string of Node. */
function tooLarge(actual: number): Reason {
  const message = `the message is ${actual} bytes; an event has at most ${LIMITS.eventBytes}, so publish a reference to the large part`
  return { code: 'event_too_large', message }
}

export function reasonOf(error: FanoutError): Reason {
  const { code, message, facts } = error
  return { code, message, error, ...(facts.path !== undefined && { path: facts.path }) }
}
