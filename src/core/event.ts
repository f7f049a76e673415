import { FanoutError } from './errors.ts'
import { digestOf, isId, type Sha256 } from './ids.ts'
import { countKeys, exceedsBytes, surveyJson, utf8Bytes } from './json-text.ts'
import { LIMITS } from './limits.ts'
import { nameType, type Recipient, recipientsOf } from './recipients.ts'

/** An event that was checked: from here on everything trusts it. */
export interface AcceptedEvent {
  readonly id: string
  readonly type: string
  /** What the clients receive: the published JSON text, with an `id` added last if it had none. */
  readonly text: string
  /** SHA-256 of the canonical JSON without `id`: tells whether two events of one id are the same event. */
  readonly digest: string
  readonly recipients: readonly Recipient[]
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Checks one event and gives it its id.
 *
 * @param text one JSON object: flat, as backends publish it, or a CloudEvents 1.0 event in JSON format
 * @param hash a native one, where there is one
 * @throws FanoutError that names the field, the value and the way out
 */
export function parseEvent(text: string, hash?: Sha256): AcceptedEvent {
  const trimmed = text.trim()
  const parse = () => parseJson(text)
  return namingIt(parse, () => {
    checkSize(trimmed)
    // Not of `trimmed`: to JavaScript a byte order mark and a no-break space are blank, to JSON they are errors.
    return acceptEvent(trimmed, parse(), hash)
  })
}

/** @throws FanoutError `malformed_json` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FanoutError(
      'malformed_json',
      `the body is not JSON: ${(error as SyntaxError).message.split(' in JSON')[0] ?? ''}`,
    )
  }
}

function acceptEvent(text: string, value: unknown, hash?: Sha256): AcceptedEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FanoutError('invalid_event', `an event is a JSON object, not ${nameType(value)}`, { path: '' })
  }
  const survey = surveyJson(text)
  checkDepth(survey.depth)
  checkNumbers(value, '', isInfinite, 'is more than a double can hold; send it as a string')
  const fields = value as Fields
  // Parsers disagree about a repeated key; what the clients get must mean what was checked here.
  const unambiguous = survey.keys === countKeys(value) ? text : JSON.stringify(value)
  // Written anew it may have grown: `1e20` becomes 21 digits.
  checkSize(unambiguous)
  const type = typeOf(fields)
  return fields['specversion'] === '1.0'
    ? acceptCloudEvent(unambiguous, type, fields, hash)
    : acceptFlatEvent(unambiguous, type, fields, hash)
}

function acceptFlatEvent(text: string, type: string, fields: Fields, hash?: Sha256): AcceptedEvent {
  checkTimestamp(fields)
  const recipients = recipientsOf(fields, '')
  const digest = digestWithoutId(fields, hash)
  const id = idOf(fields)
  if (id !== undefined) return { id, type, text, digest, recipients }
  checkNumbers(fields, '', isIndistinct, NOT_IDENTIFIABLE)
  const withId = `${text.slice(0, -1)},"id":"${digest}"}`
  checkSize(withId)
  return { id: digest, type, text: withId, digest, recipients }
}

/** CloudEvents 1.0: `source` and `id` together name the event, and the business data is in `data`. */
function acceptCloudEvent(text: string, type: string, fields: Fields, hash?: Sha256): AcceptedEvent {
  for (const name of ['id', 'source'] as const) {
    if (typeof fields[name] !== 'string' || fields[name] === '') {
      const detail = `a CloudEvents event needs a non-empty string ${name}, not ${nameType(fields[name])}`
      throw new FanoutError('invalid_event', detail, { path: `/${name}` })
    }
  }
  const data = fields['data']
  const people = typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Fields) : {}
  const id = digestOf([fields['source'], fields['id']], hash)
  return { id, type, text, digest: digestWithoutId(fields, hash), recipients: recipientsOf(people, '/data') }
}

/** Whoever asks later where an event is asks by its id: a refusal carries it, where the event has one. */
function namingIt(read: () => unknown, accept: () => AcceptedEvent): AcceptedEvent {
  try {
    return accept()
  } catch (error) {
    const id = error instanceof FanoutError ? idIn(read) : undefined
    if (error instanceof FanoutError && id !== undefined) error.eventId = id
    throw error
  }
}

/** The id that an event would have had, whatever is wrong with it. */
function idIn(read: () => unknown): string | undefined {
  try {
    const value = read()
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const fields = value as Fields
    const { specversion, id, source, timestamp } = fields
    if (specversion === '1.0') {
      return typeof source === 'string' && typeof id === 'string' ? digestOf([source, id]) : undefined
    }
    if (isId(id)) return id
    return id === undefined && timestamp !== undefined ? digestWithoutId(fields) : undefined
  } catch {
    // What is no JSON, is nested too deeply, or holds what is no number, has no digest.
    return undefined
  }
}

function typeOf(fields: Fields): string {
  const type = fields['type']
  if (typeof type === 'string' && type !== '' && type.length <= LIMITS.typeLength) return type
  const detail = `type must be a string of 1 to ${LIMITS.typeLength} characters, not ${nameType(type)}`
  throw new FanoutError('invalid_event', detail, { path: '/type' })
}

function idOf(fields: Fields): string | undefined {
  if (!Object.hasOwn(fields, 'id')) return undefined
  if (isId(fields['id'])) return fields['id']
  const detail = `id must be a string of 1 to ${LIMITS.idLength} characters, not ${nameType(fields['id'])}; leave it out to have one derived`
  throw new FanoutError('invalid_event', detail, { path: '/id' })
}

function digestWithoutId(fields: Fields, hash?: Sha256): string {
  const { id: _, ...rest } = fields
  return digestOf(rest, hash)
}

const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/

function checkTimestamp(fields: Fields): void {
  const timestamp = fields['timestamp']
  const path = '/timestamp'
  if (timestamp === undefined) {
    if (Object.hasOwn(fields, 'id')) return
    const detail =
      'an event without an id needs a timestamp: without one, two events of the same content could not be told apart'
    throw new FanoutError('invalid_event', detail, { path })
  }
  const valid =
    typeof timestamp === 'string'
      ? ISO_8601.test(timestamp) && !Number.isNaN(Date.parse(timestamp.replace(',', '.')))
      : Number.isSafeInteger(timestamp) && (timestamp as number) >= 0
  if (valid) return
  const detail = `timestamp must be whole milliseconds since 1970 or an ISO 8601 string, not ${nameType(timestamp)}`
  throw new FanoutError('invalid_event', detail, { path })
}

/** `1e400`: JavaScript reads it as Infinity, which JSON has no text for, and no digest. */
const isInfinite = (value: number): boolean => !Number.isFinite(value)

/**
 * A derived id is only as good as the numbers in it: beyond 2^53 neighbours read as the same (RFC 8785 asks for
 * strings there), and the second of two events would be taken for a duplicate of the first.
 */
const isIndistinct = (value: number): boolean => Number.isInteger(value) && !Number.isSafeInteger(value)
const NOT_IDENTIFIABLE =
  'is beyond 2^53 - 1, so no id can be derived; send it as a string, or give the event an id'

function checkNumbers(
  value: unknown,
  path: string,
  isBad: (value: number) => boolean,
  complaint: string,
): void {
  if (typeof value === 'number' && isBad(value)) {
    throw new FanoutError('unsafe_number', `the number ${value} ${complaint}`, { path })
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    if (typeof part !== 'number' && typeof part !== 'object') continue
    checkNumbers(part, `${path}/${pointerPart(key)}`, isBad, complaint)
  }
}

/** RFC 6901, section 3. */
function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function checkDepth(depth: number): void {
  if (depth <= LIMITS.depth) return
  const detail = `the event is nested ${depth} levels deep; at most ${LIMITS.depth} are allowed`
  throw new FanoutError('event_too_deep', detail, { limit: LIMITS.depth, actual: depth })
}

function checkSize(text: string): void {
  if (!exceedsBytes(text, LIMITS.eventBytes)) return
  const actual = utf8Bytes(text)
  const detail = `the event is ${actual} bytes; at most ${LIMITS.eventBytes} are allowed, so publish a reference to the large part`
  throw new FanoutError('event_too_large', detail, { limit: LIMITS.eventBytes, actual })
}

/** The body of a publish request: one event, or an array whose elements fail each by itself. */
export type PublishBody =
  | { readonly kind: 'single'; readonly event: AcceptedEvent }
  | { readonly kind: 'batch'; readonly items: readonly (AcceptedEvent | FanoutError)[] }

/** @throws FanoutError if the body as a whole cannot be taken */
export function parsePublishBody(body: string, hash?: Sha256): PublishBody {
  if (!/^\s*\[/.test(body)) return { kind: 'single', event: parseEvent(body, hash) }
  if (exceedsBytes(body, LIMITS.batchBytes)) {
    const bytes = utf8Bytes(body)
    const detail = `the batch is ${bytes} bytes; at most ${LIMITS.batchBytes} are allowed, so publish it in parts`
    throw new FanoutError('batch_too_large', detail, { limit: LIMITS.batchBytes, actual: bytes })
  }
  const values = parseJson(body) as unknown[]
  checkBatchLength(values.length)
  const items = surveyJson(body).elements.map((text, i) => acceptOrRefuse(text, values[i], hash))
  return { kind: 'batch', items }
}

function checkBatchLength(length: number): void {
  if (length === 0) throw new FanoutError('empty_batch', 'the array holds no event; send at least one')
  if (length <= LIMITS.batchEvents) return
  const detail = `the batch holds ${length} events; at most ${LIMITS.batchEvents} are allowed, so publish it in parts`
  throw new FanoutError('batch_too_large', detail, { limit: LIMITS.batchEvents, actual: length })
}

function acceptOrRefuse(text: string, value: unknown, hash?: Sha256): AcceptedEvent | FanoutError {
  try {
    return namingIt(
      () => value,
      () => {
        checkSize(text)
        return acceptEvent(text, value, hash)
      },
    )
  } catch (error) {
    if (error instanceof FanoutError) return error
    throw error
  }
}
