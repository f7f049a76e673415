import type { Environment } from './environment.ts'
import { FailedTry } from './failed-try.ts'
import type { PublishError } from './publish-error.ts'

/** An event on its way. */
export interface Item {
  /** Its JSON: the same in every try, so that the server sees that it is the same event. */
  readonly text: string
  readonly bytes: number
  /** `undefined` where the server derives it. */
  readonly id: string | undefined
  /** Some try may have brought it into a log. */
  mayBeThere: boolean
}

/** The server's limit for one event, in bytes of UTF-8. A larger one is not sent: a proxy might cut the connection at it. */
export const EVENT_BYTES = 120 * 1024

const encoder = new TextEncoder()

/** @throws FailedTry if there is no JSON object for it, or it is too large */
export function itemOf(event: unknown, ids: Pick<Environment, 'newId'>): Item {
  const { text, id } = withId(jsonOf(event), ids)
  const bytes = encoder.encode(text).length
  if (bytes <= EVENT_BYTES) return { text, bytes, id, mayBeThere: false }
  throw new FailedTry(
    `the event is ${bytes} bytes; at most ${EVENT_BYTES} are allowed, so publish a reference to the large part`,
    { code: 'event_too_large', limit: EVENT_BYTES, actual: bytes, refused: true },
  )
}

/** As the caller gets it, of an event that `itemOf` does not take: nothing was sent. */
export function refusalOf(event: unknown, failed: FailedTry): PublishError {
  const { id } = Object(event) as { readonly id?: unknown }
  return failed.of({ id: typeof id === 'string' ? id : undefined, mayBeThere: false }, 0)
}

function jsonOf(event: unknown): string {
  const text = written(event)
  if (text?.startsWith('{')) return text
  const what = Array.isArray(event) ? 'an array; for several events there is publishAll' : typeof event
  const facts = { code: 'invalid_event', path: '', refused: true }
  throw new FailedTry(`an event is an object with a type, not ${what}`, facts)
}

function written(event: unknown): string | undefined {
  try {
    return JSON.stringify(event)
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    const facts = { code: 'invalid_event', refused: true }
    throw new FailedTry(`the event cannot be written as JSON: ${reason}`, facts, { cause: error })
  }
}

/**
 * An event with a `timestamp` and no `id` gets its id from the server, by its content: made up here, it would be another one in
 * another backend that publishes the same event.
 */
function withId(text: string, ids: Pick<Environment, 'newId'>): { text: string; id: string | undefined } {
  // Of the JSON, and not of the event: `toJSON` may add fields, and those that are `undefined` vanish.
  const fields = JSON.parse(text) as Readonly<Record<string, unknown>>
  if (Object.hasOwn(fields, 'id') || Object.hasOwn(fields, 'timestamp')) {
    return { text, id: typeof fields['id'] === 'string' ? fields['id'] : undefined }
  }
  const id = ids.newId()
  return { text: JSON.stringify({ ...fields, id }), id }
}
