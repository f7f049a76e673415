import type { Found } from './admin.ts'
import type { Role } from './events.ts'
import { Observable } from './observable.ts'

/** In milliseconds. */
const EVERY = 1000
/** After something has happened: what the server was just told should be written by then. */
const SOON = 250
/** Between two tries while the server does not answer, or refuses. */
const LONGEST_PAUSE = 15_000

/** What it needs of the page. */
export interface Outlook {
  readonly look: (eventId: string) => Promise<Found>
  readonly now: () => number
  /** Calls back once, after so many milliseconds; what it returns stops it. */
  readonly after: (milliseconds: number, run: () => void) => () => void
  /** Nobody looks at the page. */
  readonly isHidden: () => boolean
}

/** The way of the one event that is looked at: asked for again and again as long as it is, one request at a time. */
export class Way extends Observable {
  /** The event that is looked at. */
  eventId: string | undefined
  /** From whose list or line it was opened: of this person one wants to read first. */
  openedFrom: Role | undefined
  found: Found | undefined
  /** When the server answered that. Milliseconds since 1970. */
  foundAt = 0
  /** Why there is nothing, or nothing newer. */
  trouble = ''
  readonly #outlook: Outlook
  #isAsking = false
  #isSoon = false
  #failures = 0
  #stopTimer: () => void = () => undefined

  constructor(outlook: Outlook) {
    super()
    this.#outlook = outlook
  }

  open(eventId: string, openedFrom?: Role): void {
    const isOther = this.eventId !== eventId
    this.openedFrom = openedFrom
    if (isOther) {
      Object.assign(this, { eventId, found: undefined, trouble: '' })
      this.#failures = 0
    }
    this.changed()
    if (isOther) void this.#ask()
  }

  close(): void {
    this.eventId = undefined
    this.#stopTimer()
    this.changed()
  }

  /** Something has happened that may be part of the way. While the server does not answer, that changes nothing. */
  poke(): void {
    if (this.eventId === undefined || this.#isSoon || this.#failures > 0) return
    this.#isSoon = true
    if (!this.#isAsking) this.#askIn(SOON)
  }

  /** The page is looked at again. */
  wake(): void {
    void this.#ask()
  }

  #askIn(milliseconds: number): void {
    this.#stopTimer()
    this.#stopTimer = this.#outlook.after(milliseconds, () => {
      void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    const { eventId } = this
    if (eventId === undefined || this.#isAsking || this.#outlook.isHidden()) return
    this.#stopTimer()
    this.#isAsking = true
    this.#isSoon = false
    const answer = await this.#outlook.look(eventId).catch((error: unknown) => messageOf(error))
    this.#isAsking = false
    if (this.eventId !== eventId) return this.#ask()
    this.#take(answer)
    this.#askIn(this.#pause())
  }

  #take(answer: Found | string): void {
    if (typeof answer === 'string') {
      this.trouble = answer
      this.#failures += 1
    } else {
      Object.assign(this, { found: answer, foundAt: this.#outlook.now(), trouble: '' })
      this.#failures = 0
    }
    this.changed()
  }

  #pause(): number {
    if (this.#failures > 0) return Math.min(LONGEST_PAUSE, EVERY * 2 ** this.#failures)
    return this.#isSoon ? SOON : EVERY
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
