/**
 * The functions' environment, as the CDK construct sets it. Each function reads what it uses; what is missing or cannot be
 * used ends the function when it starts, with a line that says which variable, and not at the first event.
 */
import { RECEIPT_DETAILS, type ReceiptDetail } from '../core/codes.ts'
import { LIMITS } from '../core/limits.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that cannot be used; the message names it, its value and what would do. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Where the keys come from that tokens are verified with. */
export type KeySource = { readonly secretArn: string } | { readonly jwksUrl: URL }

const DAY_MS = 24 * 60 * 60 * 1000

/** A user's connections share one DynamoDB item, which holds 400 KB: 900 with the longest names of devices. */
const MOST_CONNECTIONS = 500

export function logTable(environment: Environment): string {
  return required(environment, 'LOG_TABLE', 'the name of the table with the logs')
}

export function connectionsTable(environment: Environment): string {
  return required(environment, 'CONNECTIONS_TABLE', 'the name of the table with the connections')
}

/** Of `@connections`: the WebSocket API's callback URL, with the stage or a custom domain's base path. */
export function connectionsEndpoint(environment: Environment): string {
  return url(environment, 'CONNECTIONS_ENDPOINT', ['https:', 'http:']).href
}

export function queueUrl(environment: Environment): string {
  return url(environment, 'QUEUE_URL', ['https:', 'http:']).href
}

export function deadLetterQueueUrl(environment: Environment): string {
  return url(environment, 'DEAD_LETTER_QUEUE_URL', ['https:', 'http:']).href
}

/** How long events are kept, in milliseconds. */
export function retentionMs(environment: Environment): number {
  return wholeNumber(environment, 'RETENTION_DAYS', 30, 1, 3650) * DAY_MS
}

export function connectionsPerUser(environment: Environment): number {
  return wholeNumber(environment, 'MAX_CONNECTIONS_PER_USER', LIMITS.connectionsPerUser, 1, MOST_CONNECTIONS)
}

export function logLevel(environment: Environment): LogLevel {
  return oneOf(environment, 'LOG_LEVEL', LOG_LEVELS, 'info')
}

/** How much receipts tell of deliveries. */
export function receiptDetail(environment: Environment): ReceiptDetail {
  return oneOf(environment, 'RECEIPT_DETAIL', RECEIPT_DETAILS, 'deliveries')
}

/** What this deployment is called in its metrics; `undefined`: it counts nothing. */
export function metricsService(environment: Environment): string | undefined {
  return read(environment, 'METRICS_SERVICE')
}

/** `undefined`: every origin. */
export function allowedOrigins(environment: Environment): readonly string[] | undefined {
  return read(environment, 'ALLOWED_ORIGINS')
    ?.split(',')
    .map((part) => originFrom(part.trim()))
}

export function keySource(environment: Environment): KeySource {
  const [secretArn, jwksUrl] = [read(environment, 'JWT_SECRET_ARN'), read(environment, 'JWT_JWKS_URL')]
  if (secretArn !== undefined && jwksUrl !== undefined) {
    throw new EnvironmentError(
      `JWT_SECRET_ARN is "${secretArn}" and JWT_JWKS_URL is "${jwksUrl}"; keep the one that your tokens are signed for`,
    )
  }
  if (secretArn !== undefined) return { secretArn }
  // Keys fetched without TLS could be anybody's.
  if (jwksUrl !== undefined) return { jwksUrl: url(environment, 'JWT_JWKS_URL', ['https:']) }
  throw new EnvironmentError(
    'neither JWT_SECRET_ARN nor JWT_JWKS_URL is set; one must say where the keys come from that tokens are verified with',
  )
}

/** What tokens have to say beside their user, where that is configured. */
export function requiredClaims(environment: Environment): {
  readonly issuer?: string
  readonly audience?: string
} {
  const [issuer, audience] = [read(environment, 'JWT_ISSUER'), read(environment, 'JWT_AUDIENCE')]
  return { ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) }
}

/** An empty variable counts as unset: that is how templates leave one out. */
function read(environment: Environment, name: string): string | undefined {
  const text = environment[name]
  return text === '' ? undefined : text
}

function required(environment: Environment, name: string, meaning: string): string {
  const text = read(environment, name)
  if (text !== undefined) return text
  throw new EnvironmentError(`${name} is not set; it must be ${meaning}`)
}

function url(environment: Environment, name: string, protocols: readonly string[]): URL {
  const meaning = `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`
  const text = required(environment, name, meaning)
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed !== undefined && protocols.includes(parsed.protocol)) return parsed
  throw new EnvironmentError(`${name} is "${text}"; it must be ${meaning}`)
}

function oneOf<T extends string>(
  environment: Environment,
  name: string,
  values: readonly T[],
  otherwise: T,
): T {
  const text = read(environment, name)
  if (text === undefined) return otherwise
  const value = values.find((candidate) => candidate === text)
  if (value !== undefined) return value
  throw new EnvironmentError(`${name} is "${text}"; it must be one of ${values.join(', ')}`)
}

function wholeNumber(
  environment: Environment,
  name: string,
  otherwise: number,
  min: number,
  max: number,
): number {
  const text = read(environment, name)
  if (text === undefined) return otherwise
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new EnvironmentError(`${name} is "${text}"; it must be a whole number from ${min} to ${max}`)
}

function originFrom(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text
  throw new EnvironmentError(`ALLOWED_ORIGINS holds "${text}"; an origin looks like https://app.example.com`)
}
