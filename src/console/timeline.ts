import { Observable } from './observable.ts'

/** Whose doing it was. */
export type Actor = 'backend' | 'trainer' | 'student'

/**
 * - `published`: the backend got the server's answer
 * - `pushed`, `resumed`, `polled`: what the server sent, and how
 * - `applied`: the app's handler was given it
 * - `renewed`: the client was given a fresh token, for the last one had ended or was refused
 * - `status`: the client says that it is in another state
 * - `switch`: somebody played with the network
 * - `trouble`: a connection ended, or something was refused
 * - `log`: a line of the client's own log
 */
export type Kind =
  | 'published'
  | 'pushed'
  | 'resumed'
  | 'polled'
  | 'applied'
  | 'renewed'
  | 'status'
  | 'switch'
  | 'trouble'
  | 'log'

export interface Entry {
  readonly id: number
  /** Milliseconds since 1970, by this browser's clock. */
  readonly at: number
  readonly actor: Actor
  /** Which of the actor's devices, where there are several. */
  readonly device?: string
  readonly kind: Kind
  /** What there is to say beyond the kind and the offsets. */
  readonly text: string
  /** The offsets concerned, both included. */
  readonly first?: number
  readonly last?: number
  /** How often this happened in a row. @default once */
  readonly times?: number
  readonly notes?: readonly string[]
  /** Where it is about one event alone. */
  readonly eventId?: string | undefined
}

export type NewEntry = Omit<Entry, 'id' | 'at' | 'times'>

/** What an entry becomes together with an earlier one of its kind; `undefined` if each stands for itself. */
export type Merge = (before: Entry) => NewEntry | undefined

/** A page that is left open over night must not fill the memory. */
const KEPT = 1000

/** What happened, of all sides, the newest first. */
export class Timeline extends Observable {
  #entries: readonly Entry[] = []
  #nextId = 1

  get entries(): readonly Entry[] {
    return this.#entries
  }

  /**
   * Adds an entry, or makes one of it and the last one of its kind.
   *
   * @returns its id
   */
  add(entry: NewEntry, merge?: Merge): number {
    const before = merge && this.#entries.find((other) => isLastWord(other, entry))
    const merged = before?.kind === entry.kind ? merge?.(before) : undefined
    const newest: Entry =
      before && merged
        ? { ...before, ...merged, at: Date.now(), times: (before.times ?? 1) + 1 }
        : { ...entry, id: this.#nextId++, at: Date.now() }
    this.#entries = [newest, ...this.#entries.filter(({ id }) => id !== newest.id)].slice(0, KEPT)
    this.changed()
    return newest.id
  }

  /** More is known of what happened then. */
  amend(id: number, entry: NewEntry): void {
    this.#entries = this.#entries.map((before) => (before.id === id ? { ...before, ...entry } : before))
    this.changed()
  }

  clear(): void {
    this.#entries = []
    this.changed()
  }
}

/**
 * What a device did before a switch was turned, or in another state, is another story. Only what is applied comes a moment after what
 * brought it.
 */
function isLastWord({ actor, device, kind }: Entry, next: NewEntry): boolean {
  if (actor !== next.actor || device !== next.device) return false
  return kind === next.kind || kind === 'switch' || (kind === 'status' && next.kind !== 'applied')
}
