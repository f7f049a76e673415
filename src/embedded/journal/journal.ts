import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '../store.ts'
import { encodeRecord, type JournalRecord } from './record.ts'
import { Segment } from './segment.ts'

/** In bytes. Both files together are what may lie in the journal and not yet in the database. */
const SEGMENT_BYTES = 8 * 1024 * 1024

const PUT_BACK = 'put events.mdb, journal-0 and journal-1 back together, or use another folder'

export interface JournalOptions {
  /** @default 8 MiB */
  readonly segmentBytes?: number
}

/**
 * The commits that the database does not have yet, in two files: one is written, while what the other holds is brought into the
 * database.
 */
export class Journal {
  readonly #folder: string
  readonly #segments: readonly [Segment, Segment]
  /** Whether there was one when it was opened. */
  readonly #isNew: boolean
  readonly #segmentBytes: number
  #active: Segment
  #sequence = 0

  /**
   * Opens the journal of a folder, and makes it where there is none.
   *
   * @throws if there is a part of one
   */
  constructor(folder: string, { segmentBytes = SEGMENT_BYTES }: JournalOptions = {}) {
    const [first, second] = [join(folder, 'journal-0'), join(folder, 'journal-1')] as const
    if (existsSync(first) !== existsSync(second)) {
      throw new Error(
        `of the journal in ${folder} there is only one file, of journal-0 and journal-1; ${PUT_BACK}`,
      )
    }
    this.#folder = folder
    this.#segmentBytes = segmentBytes
    this.#isNew = !existsSync(first)
    this.#segments = [new Segment(first, segmentBytes), new Segment(second, segmentBytes)]
    this.#active = this.#segments[0]
  }

  /** The number of the last commit that was tried. */
  get sequence(): number {
    return this.#sequence
  }

  /**
   * What was committed after a number that the database has, in order. To be called once, before anything is written.
   *
   * @param settled undefined: the database is new
   * @throws if journal and database do not belong together: then something would be missing in between
   */
  recover(settled: number | undefined): readonly JournalRecord[] {
    const records = this.#segments
      .flatMap((segment) => segment.read())
      .filter(({ sequence }) => settled === undefined || sequence > settled)
      .sort((a, b) => a.sequence - b.sequence)
    const follows = records.every(({ sequence }, i) => settled !== undefined && sequence === settled + 1 + i)
    if (!follows || (this.#isNew && settled !== undefined)) throw this.#mismatch(records, settled)
    this.#sequence = records.at(-1)?.sequence ?? settled ?? 0
    return records
  }

  #mismatch(records: readonly JournalRecord[], settled: number | undefined): Error {
    const found = records.slice(0, 5).map(({ sequence }) => sequence)
    return new Error(
      `the journal in ${this.#folder} does not belong to the database: the last commit that events.mdb has is ` +
        `${settled ?? 'none'}, and the journal goes on with ${found.join(', ') || 'none'}; ${PUT_BACK}`,
    )
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

  get isHalfFull(): boolean {
    return !this.#active.fits(this.#segmentBytes / 2)
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
