import { setTimeout as sleep } from 'node:timers/promises'
import { Journal, type JournalOptions } from './journal/journal.ts'
import { journalKey, nameOf } from './keys.ts'
import { Overlay } from './overlay.ts'
import type { Change, KeyRange, Store, StoredRecord } from './store.ts'

/** A database that can also be written synchronously, before anything else runs. */
export interface Database extends Store {
  commitNow(changes: readonly Change[]): void
}

export interface JournaledStoreOptions extends JournalOptions {
  /** How long what is committed may lie in the journal alone while nothing more comes, in milliseconds. @default 1 s */
  readonly settleAfterMs?: number
  /** How long to wait after the database could not be written, in milliseconds. @default 500 */
  readonly retryAfterMs?: number
  /** How many changes a transaction of the database takes while there is no hurry. @default 100 */
  readonly changesAtOnce?: number
  /** Told each time that the database could not be written. */
  readonly onFailure?: (error: unknown) => void
}

/** A transaction of the database takes no more, so that nothing else, on the main thread or on the disk, waits long for one. */
const AT_ONCE = 100

/** Between two of them the disk is left to the journal, in milliseconds: what meets one waits for no other. */
const REST_MS = 8

/** Where everything waits for the database already: flushes are what takes its time, and fewer take less. */
const MORE_AT_ONCE = 1000

/**
 * A database behind a journal. A commit is on disk once the journal has it, which is one write to one place; the database, where
 * each record has a place of its own, gets it later, together with thousands of others. Reads see both.
 *
 * What the database has is counted by a record in it. After a crash what the journal holds beyond that is brought in when the folder
 * is opened. To do so twice does no harm: changes are whole records.
 */
export class JournaledStore implements Store {
  readonly #database: Database
  readonly #journal: Journal
  readonly #options: Required<Omit<JournaledStoreOptions, keyof JournalOptions>>
  /** What the file in use holds. */
  #recent = new Overlay()
  /** What the other file holds, until the database has it. */
  #settling: Overlay | undefined
  /** For what the next file will hold. */
  #spare = new Overlay()
  /** The try to bring it in that is under way; never rejects. */
  #attempt: Promise<void> = Promise.resolve()
  /** Why the last try failed. While the database does not take what it was promised, nothing more is promised. */
  #failure: Error | undefined
  /** A record could not be written, or not be flushed. */
  #isTorn = false
  #committing = false
  /** A commit can go on only when the database has what came before. */
  #awaited = false
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(folder: string, database: Database, options: JournaledStoreOptions = {}) {
    const { settleAfterMs = 1000, retryAfterMs = 500, changesAtOnce = AT_ONCE } = options
    const { onFailure = () => undefined } = options
    this.#options = { settleAfterMs, retryAfterMs, changesAtOnce, onFailure }
    this.#database = database
    this.#journal = new Journal(folder, options)
    try {
      this.#recover()
    } catch (error) {
      this.#journal.close()
      throw error
    }
  }

  get(key: Buffer): Buffer | undefined {
    const name = nameOf(key)
    const change = this.#recent.get(name) ?? this.#settling?.get(name)
    return change === undefined ? this.#database.get(key) : change.value
  }

  range(range: KeyRange): Iterable<StoredRecord> {
    const records = this.#database.range(range)
    if (range.mayLag === true) return records
    const overlays = this.#settling === undefined ? [this.#recent] : [this.#settling, this.#recent]
    return Overlay.over(records, overlays, range)
  }

  /** One at a time: whoever calls waits for the one before. */
  async commit(changes: readonly Change[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#committing = true
    try {
      await this.#commit(changes)
    } finally {
      this.#committing = false
      this.#schedule()
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#attempt
    // What cannot be brought in now stays in the journal, and is when the folder is opened again.
    if (this.#settling === undefined && this.#recent.size > 0) {
      this.#turn()
      await this.#attempt
    }
    this.#journal.close()
    await this.#database.close()
  }

  #recover(): void {
    const settled = this.#database.get(journalKey)?.readDoubleBE()
    const recovered = new Overlay()
    for (const { changes } of this.#journal.recover(settled)) recovered.add(changes)
    // A new database says from its beginning which journal belongs to it.
    if (recovered.size === 0 && settled !== undefined) return
    for (const part of parts(recovered, this.#journal.sequence, () => MORE_AT_ONCE))
      this.#database.commitNow(part)
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    if (this.#isTorn) await this.#startAfresh()
    let outcome = await this.#append(changes)
    if (outcome === 'full') {
      await this.#otherFileFree()
      this.#turn()
      outcome = await this.#append(changes)
    }
    if (outcome === 'done') {
      this.#recent.add(changes)
      return
    }
    // More than a file of the journal takes: past it, once the database has what came before.
    await this.#startAfresh()
    await this.#database.commit(changes)
  }

  async #append(changes: readonly Change[]): Promise<'done' | 'full' | 'too large'> {
    try {
      return await this.#journal.append(changes)
    } catch (error) {
      this.#isTorn = true
      throw error
    }
  }

  /**
   * Goes on in the other file with nothing in the journal. A record that failed may be on disk all the same, and would be taken for
   * committed after a crash: so nothing is written after it before the database says that its number is past.
   */
  async #startAfresh(): Promise<void> {
    await this.#otherFileFree()
    this.#turn()
    await this.#otherFileFree()
    this.#isTorn = false
  }

  /** @throws why the database cannot be written */
  async #otherFileFree(): Promise<void> {
    this.#awaited = true
    try {
      while (this.#settling !== undefined) {
        await this.#attempt
        if (this.#failure !== undefined) throw this.#failure
      }
    } finally {
      this.#awaited = false
    }
  }

  /** Begins to bring what the file in use holds into the database, and goes on in the other, which must be free. */
  #turn(): void {
    this.#settling = this.#recent
    this.#recent = this.#spare
    const { sequence } = this.#journal
    this.#journal.turn()
    this.#settle(this.#settling, sequence)
  }

  #settle(changes: Overlay, sequence: number): void {
    this.#attempt = this.#bringIn(changes, sequence).then(
      () => {
        this.#settling = undefined
        this.#failure = undefined
        changes.clear()
        this.#spare = changes
      },
      (error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error))
        this.#options.onFailure(error)
        if (this.#closed) return
        setTimeout(() => {
          if (!this.#closed) this.#settle(changes, sequence)
        }, this.#options.retryAfterMs).unref()
      },
    )
  }

  /** In several transactions. If not all of them come to pass, the mark has not moved, and all is done again. */
  async #bringIn(changes: Overlay, sequence: number): Promise<void> {
    const atOnce = (): number => (this.#isAwaited ? MORE_AT_ONCE : this.#options.changesAtOnce)
    for (const part of parts(changes, sequence, atOnce)) {
      await this.#database.commit(part)
      if (!this.#isAwaited) await sleep(REST_MS)
    }
  }

  /** Somebody waits for the database, or will soon. */
  get #isAwaited(): boolean {
    return this.#closed || this.#awaited || this.#journal.isHalfFull
  }

  /** What little there is in the journal when nothing more comes is not left there. */
  #schedule(): void {
    if (this.#timer !== undefined || this.#closed || this.#recent.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#committing || this.#settling !== undefined) this.#schedule()
      else this.#turn()
    }, this.#options.settleAfterMs).unref()
  }
}

/** Changes in the order of their keys, so many at a time; with the last of them it is said how far the database has come. */
function* parts(changes: Overlay, sequence: number, atOnce: () => number): Generator<Change[]> {
  const { names } = changes
  let from = 0
  do {
    const part = names.slice(from, from + atOnce())
    from += part.length
    yield from < names.length ? changes.changesOf(part) : [...changes.changesOf(part), mark(sequence)]
  } while (from < names.length)
}

/** All commits up to this one are in the database, or were refused. */
function mark(sequence: number): Change {
  const value = Buffer.alloc(8)
  value.writeDoubleBE(sequence)
  return { key: journalKey, value }
}
