import type { FrameErrorCode } from './codes.ts'
import { isId } from './ids.ts'
import { LIMITS } from './limits.ts'
import { nameType } from './recipients.ts'

/** What a client says over a socket. `docs/protocol.md` is the definition. */
export type ClientMessage =
  | ResumeMessage
  | { readonly action: 'ping' }
  | { readonly action: 'ack'; readonly offset: number; readonly device?: string }
  | { readonly action: 'report'; readonly offset: number; readonly error: string; readonly device?: string }

export interface ResumeMessage {
  readonly action: 'resume'
  readonly after?: number
  readonly device?: string
  /** The client asks because it found that pushes are missing. Only counted. */
  readonly repair?: boolean
}

/** A message that cannot be taken, with the code for its error frame. */
export class InvalidMessage extends Error {
  readonly code: FrameErrorCode
  constructor(code: FrameErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** @throws InvalidMessage */
export function parseMessage(text: string): ClientMessage {
  const fields = parseObject(text)
  switch (fields['action']) {
    case 'resume': {
      const after = fields['after'] === undefined ? {} : { after: offsetIn(fields, 'after', 0) }
      return { action: 'resume', ...after, ...optionalDevice(fields), ...optionalRepair(fields) }
    }
    case 'ping':
      return { action: 'ping' }
    case 'ack':
      return { action: 'ack', offset: offsetIn(fields, 'offset', 1), ...optionalDevice(fields) }
    case 'report': {
      const offset = offsetIn(fields, 'offset', 1)
      return { action: 'report', offset, error: errorIn(fields), ...optionalDevice(fields) }
    }
    default:
      throw new InvalidMessage('unknown_action', unknownAction(fields['action']))
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InvalidMessage(
      'malformed_json',
      'the message is not JSON; send {"action":"resume","after":0}, for example',
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new InvalidMessage('malformed_json', `a message is a JSON object, not ${nameType(value)}`)
}

function unknownAction(action: unknown): string {
  const got = typeof action === 'string' ? `"${action.slice(0, 32)}"` : nameType(action)
  return `the action ${got} does not exist; there are resume, ping, ack and report`
}

function offsetIn(fields: Record<string, unknown>, name: string, min: number): number {
  const value = fields[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value
  throw new InvalidMessage(
    'invalid_message',
    `${name} must be a whole number from ${min}, not ${nameType(value)}`,
  )
}

function optionalDevice(fields: Record<string, unknown>): { device?: string } {
  const device = fields['device']
  if (device === undefined) return {}
  if (isId(device)) return { device }
  const complaint = `device must be a string of 1 to ${LIMITS.idLength} characters, not ${nameType(device)}`
  throw new InvalidMessage('invalid_message', complaint)
}

function optionalRepair({ repair }: Record<string, unknown>): { repair?: boolean } {
  if (repair === undefined) return {}
  if (typeof repair === 'boolean') return { repair }
  throw new InvalidMessage('invalid_message', `repair must be true or false, not ${nameType(repair)}`)
}

function errorIn(fields: Record<string, unknown>): string {
  const error = fields['error']
  if (typeof error === 'string') return error.slice(0, LIMITS.reportLength)
  throw new InvalidMessage('invalid_message', `error must be a string, not ${nameType(error)}`)
}
