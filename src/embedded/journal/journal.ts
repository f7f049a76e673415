import { join } from 'node:path'
import type { Change } from '../store.ts'
import { encodeRecord, type JournalRecord } from './record.ts'
import { Segment } from './segment.ts'

/** In bytes. Both files together are what may lie in the journal and not yet in the database; and so much memory. */
const SEGMENT_BYTES = 8 * 1024 * 1024

export interface JournalOptions {
  /** @default 8 MiB */
  readonly segmentBytes?: number
}

/**
 * The commits that the database does not have yet, in two files: one is written, while what the other holds is brought into the
 * database.
 */
export class Journal {
  readonly #segments: readonly [Segment, Segment]
  readonly #segmentBytes: number
  #active: Segment
  #sequence = 0

  /** Opens the journal of a folder, and makes it where there is none. */
  constructor(folder: string, { segmentBytes = SEGMENT_BYTES }: JournalOptions = {}) {
    this.#segmentBytes = segmentBytes
    const open = (name: string): Segment => new Segment(join(folder, name), segmentBytes)
    this.#segments = [open('journal-0'), open('journal-1')]
    this.#active = this.#segments[0]
  }

  /** The number of the last commit that was tried. */
  get sequence(): number {
    return this.#sequence
  }

  /** What was committed after a sequence number, in order. To be called once, before anything is written. */
  recover(after: number): readonly JournalRecord[] {
    const records = this.#segments
      .flatMap((segment) => segment.read())
      .filter(({ sequence }) => sequence > after)
      .sort((a, b) => a.sequence - b.sequence)
    this.#sequence = records.at(-1)?.sequence ?? after
    return records
  }

  /** Writes what was changed into the file in use. `full`: it has no room; `too large`: no file would have. */
  async append(changes: readonly Change[]): Promise<'done' | 'full' | 'too large'> {
    const record = encodeRecord({ sequence: this.#sequence + 1, changes })
    if (record.length > this.#segmentBytes) return 'too large'
    if (!this.#active.fits(record.length)) return 'full'
    this.#sequence++
    await this.#active.append(record)
    return 'done'
  }

  /** Goes on in the other file, whose records the database has by now. */
  turn(): void {
    const [first, second] = this.#segments
    this.#active = this.#active === first ? second : first
    this.#active.rewind()
  }

  close(): void {
    for (const segment of this.#segments) segment.close()
  }
}
