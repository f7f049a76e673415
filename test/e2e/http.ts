import type { Deployment } from './deployment.ts'
import { publisherToken, tokenFor } from './tokens.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  readonly json: unknown
}

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text) as unknown
    },
  }
}

export interface Published {
  readonly id: string
  readonly duplicate: boolean
  readonly recipients: readonly {
    readonly userId: string
    readonly offset: number
    readonly connections: number
    readonly sent: number
  }[]
}

/** Publishes a body; text goes as it is. */
export async function post(
  deployment: Deployment,
  body: unknown,
  token?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return request(`${deployment.httpUrl}/api/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token ?? publisherToken(deployment)}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  })
}

/** Publishes an event that must be taken. */
export async function publish(deployment: Deployment, event: unknown): Promise<Published> {
  const { status, text } = await post(deployment, event)
  if (status !== 200) throw new Error(`${status} ${text}`)
  return JSON.parse(text) as Published
}

/** Publishes `count` events to a user, numbered by `n` from 1, and tells the offset of the first. */
export async function fill(deployment: Deployment, userId: string, count: number): Promise<number> {
  let first: number | undefined
  for (let from = 1; from <= count; from += 100) {
    const batch = Array.from({ length: Math.min(100, count - from + 1) }, (_, i) =>
      numbered(userId, from + i),
    )
    const answers = (await publish(deployment, batch)) as unknown as Published[]
    first ??= answers[0]!.recipients[0]!.offset
  }
  return first ?? 0
}

export function numbered(userId: string, n: number): Readonly<Record<string, unknown>> {
  return { type: 'NUMBERED', id: `${userId}#${n}`, n, userId }
}

export interface Page {
  readonly type?: 'events'
  readonly events: readonly {
    readonly offset: number
    readonly loggedAt: number
    readonly event: Readonly<Record<string, unknown>>
  }[]
  readonly head: number
  readonly more: boolean
  readonly truncated: boolean
}

export async function recentAnswer(deployment: Deployment, userId: string, query = ''): Promise<Answer> {
  return request(`${deployment.httpUrl}/api/v1/events/recent${query}`, {
    headers: { authorization: `Bearer ${tokenFor(deployment, userId)}` },
  })
}

export async function recent(deployment: Deployment, userId: string, query = ''): Promise<Page> {
  const { status, text } = await recentAnswer(deployment, userId, query)
  if (status !== 200) throw new Error(`${status} ${text}`)
  return JSON.parse(text) as Page
}

/** The `n` of numbered events. */
export function numbersOf({ events }: Page): unknown[] {
  return events.map(({ event }) => event['n'])
}

/** From `first` to `last`, both included. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
