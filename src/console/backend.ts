import { cancelled, completed, type Session } from './events.ts'
import { Observable } from './observable.ts'
import type { Published } from '../publisher/results.ts'
import { publish } from './publish.ts'
import type { Timeline } from './timeline.ts'
import type { Tokens } from './tokens.ts'

export interface Outcome {
  readonly isGood: boolean
  readonly text: string
}

/** What publishes: it stands for the backend of an app. */
export class Backend extends Observable {
  outcome: Outcome | undefined
  /** Publishes under way. */
  running = 0
  lastSession: Session | undefined
  readonly #timeline: Timeline
  readonly #tokens: Tokens

  constructor(timeline: Timeline, tokens: Tokens) {
    super()
    this.#timeline = timeline
    this.#tokens = tokens
  }

  /** One after the other, so that they stand in the logs in this order. */
  async complete(sessions: readonly Session[]): Promise<void> {
    for (const session of sessions) {
      this.lastSession = session
      await this.publish(completed(session))
    }
  }

  /** What `complete` did is taken back. */
  cancellation(session: Session): object {
    return cancelled(this.lastSession ?? session)
  }

  /** Never rejects: what went wrong is the outcome. */
  async publish(event: object): Promise<void> {
    this.running += 1
    this.changed()
    // Where it was begun, since pushes come before the answer.
    const entry = this.#timeline.add({ actor: 'backend', kind: 'published', text: `${nameOf(event)} …` })
    try {
      this.#tell(entry, event, await publish(event, this.#tokens.forPublishing))
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.outcome = { isGood: false, text: `Not published: ${text}` }
      this.#timeline.amend(entry, { actor: 'backend', kind: 'trouble', text: this.outcome.text })
    }
    this.running -= 1
    this.changed()
  }

  #tell(entry: number, event: object, { id, duplicate, recipients }: Published): void {
    const notes = recipients.map(
      ({ userId, offset, connections, sent }) =>
        `${userId} at ${offset}, ${connections === 0 ? 'not connected' : `pushed to ${sent} of ${connections}`}`,
    )
    const text = `${nameOf(event)}${duplicate ? ', a duplicate' : ''}`
    this.#timeline.amend(entry, { actor: 'backend', kind: 'published', text, notes, eventId: id })
    this.outcome = { isGood: true, text: `Published ${text}: ${notes.join('; ')}.` }
  }
}

function nameOf(event: object): string {
  const { type, sessionId } = event as { readonly type?: unknown; readonly sessionId?: unknown }
  return [type, sessionId].filter((part) => typeof part === 'string').join(' ')
}
