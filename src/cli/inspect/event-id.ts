import { text } from 'node:stream/consumers'
import { FanoutError } from '../../core/errors.ts'
import { parseEvent } from '../../core/event.ts'
import { isId } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { CliError } from '../errors.ts'

/**
 * The id of the event that is asked about: the argument itself, or the id of the event that it holds as JSON. Events without an id
 * have one that follows from their content, and CloudEvents one that follows from source and id; nobody knows these by heart.
 *
 * @param argument an id; an event as JSON; or `-` for either on standard input
 */
export async function eventIdFrom(argument: string): Promise<string> {
  const given = argument === '-' ? (await text(process.stdin)).trim() : argument
  const canBeId: boolean = isId(given)
  if (beginsAsJson(given) && (isJson(given) || !canBeId)) return idOfEvent(given)
  if (canBeId) return given
  const source = argument === '-' ? 'standard input' : 'the event'
  throw new CliError(
    `${source} has ${given.length} characters; give an id of 1 to ${LIMITS.idLength}, or the event as JSON`,
  )
}

function beginsAsJson(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** As the server does it, also for an event that it refuses: then the refusal is found under this id. */
function idOfEvent(json: string): string {
  try {
    return parseEvent(json).id
  } catch (error) {
    if (!(error instanceof FanoutError)) throw error
    if (error.eventId !== undefined) return error.eventId
    throw new CliError(`the event has no id, and none can be derived: ${error.message}`)
  }
}
