import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { planEvent } from '../plan.ts'
import { Random } from '../random.ts'

export interface SoakEvent {
  readonly n: number
  readonly id: string
  readonly recipients: readonly string[]
  /** As it is published. */
  readonly body: string
  /** As it is shown to its recipients. */
  readonly text: string
}

/** Even numbers are published over HTTP, odd ones through Redis. */
export function isOverHttp(n: number): boolean {
  return n % 2 === 0
}

/** Each event is looked at some ten times, soon after each other. */
const REMEMBERED = 4000

/**
 * Every event there can be, by its number. Nothing has to be kept of what was published: the seed and the number say what
 * it was, so an hour's events take no more memory than a minute's.
 */
export class Events {
  readonly #seed: number
  readonly #users: number
  readonly #recent = new Map<number, SoakEvent>()

  constructor(seed: number, users: number) {
    this.#seed = seed
    this.#users = users
  }

  of(n: number): SoakEvent {
    const known = this.#recent.get(n)
    if (known !== undefined) return known
    const event = this.#make(n)
    this.#recent.set(n, event)
    const [oldest] = this.#recent.keys()
    if (this.#recent.size > REMEMBERED && oldest !== undefined) this.#recent.delete(oldest)
    return event
  }

  #make(n: number): SoakEvent {
    const random = new Random(Math.imul(this.#seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(n + 1, 0xc2b2ae35))
    const { id, recipients, text } = planEvent(random, n, this.#users)
    if (id !== undefined) return { n, id, recipients, body: text, text }
    const derived = digestOf(text)
    return {
      n,
      id: derived,
      recipients,
      body: text,
      text: `${text.slice(0, -1)},"id":"${derived}"}`,
    }
  }
}

/** The id of an event without one, as docs/publishing.md has it; here by other code than the server's. */
function digestOf(text: string): string {
  return createHash('sha256')
    .update(canonicalize(JSON.parse(text)) ?? '')
    .digest('hex')
}
