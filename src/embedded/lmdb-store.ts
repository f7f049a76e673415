import { open, type RootDatabase } from 'lmdb'
import type { Change, KeyRange, Store, StoredRecord } from './store.ts'

/**
 * One LMDB file.
 *
 * - `overlappingSync` off: the plain LMDB commit writes and syncs the pages, then the meta page, and only then is the
 *   transaction visible. With it on, readers see what is not yet on disk, a failed sync is noticed too late, and
 *   measured with lmdb 3.5.6, promises resolve no sooner.
 * - `eventTurnBatching` off: it adds a promise of its own to each transaction that nobody can catch when it rejects.
 * - `batch` and not `transaction`: it needs no way back from the writing thread into this one in mid-transaction.
 */
export class LmdbStore implements Store {
  readonly #db: RootDatabase<Buffer, Buffer>
  #open = true

  constructor(file: string) {
    this.#db = open<Buffer, Buffer>({
      path: file,
      noSubdir: true,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
    })
  }

  get(key: Buffer): Buffer | undefined {
    return this.#opened().get(key)
  }

  range(range: KeyRange): Iterable<StoredRecord> {
    if (range.reverse !== true) return this.#opened().getRange({ start: range.start, end: range.end })
    return this.#opened().getRange({
      start: range.end,
      exclusiveStart: true,
      end: range.start,
      inclusiveEnd: true,
      reverse: true,
    })
  }

  async commit(changes: readonly Change[]): Promise<void> {
    const db = this.#opened()
    try {
      await db.batch(() => {
        for (const { key, value } of changes) void (value === undefined ? db.remove(key) : db.put(key, value))
      })
    } catch (error) {
      throw await reasonOf(error)
    }
  }

  /** The same, at once: nothing else goes on in this process until it is on disk. */
  commitNow(changes: readonly Change[]): void {
    const db = this.#opened()
    db.transactionSync(() => {
      for (const { key, value } of changes) {
        if (value === undefined) db.removeSync(key)
        else db.putSync(key, value)
      }
    })
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#db.close()
  }

  /** A closed environment is unmapped memory: to read it would end the process, not throw. */
  #opened(): RootDatabase<Buffer, Buffer> {
    if (this.#open) return this.#db
    throw new Error('the data folder is closed')
  }
}

/** lmdb rejects with "Commit failed" and hands the reason over as a second promise, which must not go uncaught. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<never> }
  return commitError === undefined ? error : commitError.catch((reason: unknown) => reason)
}
