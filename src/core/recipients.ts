import { FanoutError } from './errors.ts'
import { isId } from './ids.ts'
import { LIMITS } from './limits.ts'

/** A user id that an event concerns, and the field that named it. */
export interface Recipient {
  readonly userId: string
  readonly field: string
}

const SINGLE = ['trainerId', 'studentId'] as const
const MANY = ['trainerIds', 'studentIds', 'recipientIds'] as const

/**
 * The distinct users that the fields name; `userId` counts only where no other field names anybody.
 *
 * @param path JSON Pointer of the object that has the fields
 * @throws FanoutError `invalid_event`, `no_recipients`, `too_many_recipients`
 */
export function recipientsOf(fields: Readonly<Record<string, unknown>>, path: string): readonly Recipient[] {
  const named = [
    ...SINGLE.flatMap((field) => one(fields[field], field, `${path}/${field}`)),
    ...MANY.flatMap((field) => many(fields[field], field, `${path}/${field}`)),
  ]
  const recipients = distinct(named.length > 0 ? named : one(fields['userId'], 'userId', `${path}/userId`))
  checkCount(recipients.length)
  return recipients
}

function checkCount(count: number): void {
  if (count === 0) {
    const fields = [...SINGLE, ...MANY, 'userId'].join(', ')
    throw new FanoutError('no_recipients', `the event names no recipient; give it one of ${fields}`)
  }
  if (count > LIMITS.recipients) {
    throw new FanoutError(
      'too_many_recipients',
      `the event names ${count} recipients; at most ${LIMITS.recipients} are allowed, so publish it in parts with different ids`,
      { limit: LIMITS.recipients, actual: count },
    )
  }
}

function many(value: unknown, field: string, path: string): Recipient[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    throw new FanoutError('invalid_event', `${field} must be an array of user ids, not ${nameType(value)}`, {
      path,
    })
  }
  return value.flatMap((item: unknown, index) => one(item, field, `${path}/${index}`))
}

function one(value: unknown, field: string, path: string): Recipient[] {
  if (value === undefined || value === null || value === '') return []
  const userId =
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? String(value) : value
  if (isId(userId)) return [{ userId, field }]
  throw new FanoutError(
    'invalid_event',
    `${field} must be a user id (a string of at most ${LIMITS.idLength} characters, or a whole number up to 2^53 - 1), not ${nameType(value)}`,
    { path },
  )
}

function distinct(recipients: readonly Recipient[]): Recipient[] {
  const byUser = new Map<string, Recipient>()
  for (const recipient of recipients) {
    if (!byUser.has(recipient.userId)) byUser.set(recipient.userId, recipient)
  }
  return [...byUser.values()]
}

/** The received value, as an error message names it: short, and never a payload. */
export function nameType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'object' ? 'an object' : typeof value
}
