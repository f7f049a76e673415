/** What the functions are asked to do: their names, and the events that Lambda would hand over. */
import { hs256, inSeconds } from '../../test/e2e/tokens.ts'

/** The tables, and the types of their sort keys. */
export const TABLES = { log: 'N', connections: 'S' } as const

export const SECRET = 'a secret of the benchmark, long enough for HS256'
const BATCH = 10
const EVENT_BYTES = 400
const HOUR_MS = 3_600_000

export interface Operation {
  readonly name: string
  /** Of `lambdas/deployed`. */
  readonly function: string
  /** How many of what the name says one event of Lambda's is. */
  readonly size: number
  /** @param head of `userOf(n)`'s log, of which at least `n` events are the benchmark's */
  readonly event: (n: number, head: (user: string) => number) => unknown
}

/** One pair for each place of a batch, so that no two events of a batch share a recipient. */
const pairOf = (n: number) => ({ trainerId: `trainer-${n % BATCH}`, studentId: `student-${n % BATCH}` })
const userOf = (n: number) => pairOf(n).trainerId

export const USERS = Array.from({ length: BATCH }, (_, n) => Object.values(pairOf(n))).flat()

function body(n: number): string {
  const fields = { type: 'SESSION_COMPLETED', timestamp: 1_790_000_000_000 + n, ...pairOf(n), note: '' }
  return JSON.stringify({ ...fields, note: 'x'.repeat(EVENT_BYTES - JSON.stringify(fields).length) })
}

function batch(first: number, size: number): object {
  const Records = Array.from({ length: size }, (_, i) => ({
    eventSource: 'aws:sqs',
    messageId: `message-${first + i}`,
    receiptHandle: `handle-${first + i}`,
    body: body(first + i),
    attributes: {
      MessageGroupId: userOf(first + i),
      ApproximateReceiveCount: '1',
      SentTimestamp: String(Date.now()),
    },
  }))
  return { Records }
}

function socket(user: string, message?: object): object {
  return {
    headers: {},
    requestContext: {
      connectionId: `connection-of-${user}=`,
      connectedAt: Date.now(),
      authorizer: { userId: user, expiresAt: String(Date.now() + HOUR_MS), issuedAt: String(Date.now()) },
    },
    ...(message !== undefined && { body: JSON.stringify(message) }),
  }
}

export const connecting = (user: string): object => socket(user)
export const pinging = (user: string): object => socket(user, { action: 'ping' })

/** Each moves its device up by one. */
function ack(n: number, head: (user: string) => number, named: { readonly device?: string } = {}): object {
  const offset = head(userOf(n)) - 100_000 + Math.floor(n / BATCH)
  return socket(userOf(n), { action: 'ack', offset, ...named })
}

const tokens = new Map(
  USERS.map((user) => [user, hs256(SECRET, { sub: user, iat: inSeconds(0), exp: inSeconds(3600) })]),
)

function poll(user: string, after: number): object {
  return {
    routeKey: 'GET /api/v1/events/recent',
    rawQueryString: `after=${after}&device=phone`,
    headers: { authorization: `Bearer ${tokens.get(user)}` },
    requestContext: { http: { path: '/api/v1/events/recent' } },
  }
}

/** In this order: what comes first fills the logs for what comes later. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'event, of a batch of ten',
    function: 'event',
    size: BATCH,
    event: (n) => batch(n * BATCH, BATCH),
  },
  { name: 'event, alone', function: 'event', size: 1, event: (n) => batch(1e6 + n, 1) },
  { name: 'connect', function: 'connect', size: 1, event: (n) => socket(userOf(n)) },
  {
    name: 'resume, nothing new',
    function: 'message',
    size: 1,
    event: (n, head) => socket(userOf(n), { action: 'resume', after: head(userOf(n)), device: 'phone' }),
  },
  { name: 'ping', function: 'message', size: 1, event: (n) => socket(userOf(n), { action: 'ping' }) },
  {
    name: 'ack',
    function: 'message',
    size: 1,
    event: (n, head) => ack(n, head, { device: 'laptop' }),
  },
  { name: 'ack that names no device', function: 'message', size: 1, event: (n, head) => ack(n, head) },
  {
    name: 'poll, nothing new',
    function: 'recent',
    size: 1,
    event: (n, head) => poll(userOf(n), head(userOf(n))),
  },
]
