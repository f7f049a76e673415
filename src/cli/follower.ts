/** One entry as it is printed. */
export interface Entry {
  readonly offset: number
  readonly event: unknown
}

interface Page {
  readonly events: readonly Entry[]
  readonly head: number
  readonly more: boolean
  readonly truncated: boolean
}

export interface FollowerOutput {
  /** Called once per event, in order. */
  readonly entry: (entry: Entry) => void
  /** Events were lost for good: they were no longer kept. */
  readonly truncated: (head: number) => void
  readonly send: (message: object) => void
}

/**
 * Keeps one log's reader on track: drops what came already, and asks for what is missing. It knows nothing of sockets,
 * so it outlives them.
 */
export class Follower {
  readonly #output: FollowerOutput
  /** The offset that all is printed up to; unknown until the first answer when starting from now. */
  #cursor: number | undefined
  /** The highest offset heard of: while it is above the cursor, something is missing. */
  #highest = 0
  /** The lowest offset pushed before the start was known. */
  #firstPushed = Infinity
  #asked = false

  constructor(output: FollowerOutput, after: number | undefined) {
    this.#output = output
    this.#cursor = after
  }

  /** A new connection: everything since the cursor may have been missed. */
  connected(): void {
    this.#asked = false
    this.#ask()
  }

  event(entry: Entry): void {
    if (this.#cursor === undefined) this.#firstPushed = Math.min(this.#firstPushed, entry.offset)
    if (this.#cursor !== undefined && entry.offset === this.#cursor + 1) this.#take(entry)
    else this.heard(entry.offset)
  }

  /** The server's head, as a pong tells it. */
  heard(head: number): void {
    this.#highest = Math.max(this.#highest, head)
    if (this.#cursor === undefined || this.#highest > this.#cursor) this.#ask()
  }

  /** The server said that it could not answer; the next pong or push asks again. */
  unanswered(): void {
    this.#asked = false
  }

  page({ events, head, more, truncated }: Page): void {
    this.#asked = false
    // Starting from now: what was pushed since the connection was made is "now" as well, the head or not.
    this.#cursor ??= Math.min(head, this.#firstPushed - 1)
    for (const entry of events) if (entry.offset > this.#cursor) this.#take(entry)
    const isBehind = more || this.#highest > (truncated ? head : this.#cursor)
    if (truncated) {
      this.#output.truncated(head)
      // Offsets heard of may belong to a log that is no more. One more answer tells; it must not be asked for for ever.
      this.#cursor = this.#highest = head
    }
    if (isBehind) this.#ask()
  }

  #take(entry: Entry): void {
    this.#cursor = entry.offset
    this.#output.entry(entry)
  }

  #ask(): void {
    if (this.#asked) return
    this.#asked = true
    this.#output.send({ action: 'resume', ...(this.#cursor !== undefined && { after: this.#cursor }) })
  }
}
