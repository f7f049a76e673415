import type { MessageNumber } from '../../publisher/redis/wire.ts'

/** Numbers of one producer, from one to another, both included. Empty if `to` is `from - 1`. */
export interface Run {
  readonly producer: string
  readonly from: number
  readonly to: number
}

interface Known {
  readonly runs: Run[]
  /** Redis has had it already. */
  isWritten: boolean
  at: number
}

/**
 * What this bridge itself has brought of each producer: the run that it is in, and the one before. They are written whole each time, so
 * that a Redis that has lost what it knew, by a restart without persistence say, knows it again.
 */
export class Brought {
  readonly #producers = new Map<string, Known>()

  /** @returns nothing if it was known */
  add({ producer, number }: MessageNumber): void {
    const known = this.#producers.get(producer) ?? { runs: [], isWritten: false, at: 0 }
    this.#producers.set(producer, known)
    known.at = Date.now()
    const last = known.runs.at(-1)
    if (last !== undefined && number >= last.from && number <= last.to + 1) {
      known.runs[known.runs.length - 1] = { ...last, to: Math.max(last.to, number) }
    } else {
      known.runs.push({ producer, from: number, to: number })
      if (known.runs.length > 2) known.runs.shift()
    }
  }

  runsOf(producer: string): readonly Run[] {
    return this.#producers.get(producer)?.runs ?? []
  }

  isWritten(producer: string): boolean {
    return this.#producers.get(producer)?.isWritten ?? false
  }

  written(producers: Iterable<string>): void {
    for (const producer of producers) {
      const known = this.#producers.get(producer)
      if (known !== undefined) known.isWritten = true
    }
  }

  /** Those that have said nothing since then. */
  forget(before: number): void {
    for (const [producer, { at }] of this.#producers) if (at < before) this.#producers.delete(producer)
  }
}
