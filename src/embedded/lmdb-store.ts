import { open, type RootDatabase } from 'lmdb'
import { FileRoom } from './file-room.ts'
import type { Change, KeyRange, Store, StoredRecord } from './store.ts'

/** Pages that a change may take beside its bytes, at least: its own is written in another place, or is split, and so are those above. */
const PAGES_OF_A_CHANGE = 3
const MARGIN_BYTES = 1024 * 1024

/** Of what LMDB tells about itself. */
interface Stats {
  readonly lastPageNumber: number
  readonly pageSize: number
  readonly treeDepth: number
}

/**
 * One LMDB file.
 *
 * - `overlappingSync` off: the plain LMDB commit writes and syncs the pages, then the meta page, and only then is the
 *   transaction visible. With it on, readers see what is not yet on disk, a failed sync is noticed too late, and
 *   measured with lmdb 3.5.6, promises resolve no sooner.
 * - `eventTurnBatching` off: it adds a promise of its own to each transaction that nobody can catch when it rejects.
 * - Room is made before LMDB writes. When a page of its own cannot be written, version 3.5.6 formats a message into 100 bytes of memory
 *   that is longer (mdb.c, where it says "Attempting to write page"), and the process ends, or worse, goes on.
 * - `batch` and not `transaction`: it needs no way back from the writing thread into this one in mid-transaction.
 */
export class LmdbStore implements Store {
  readonly #db: RootDatabase<Buffer, Buffer>
  readonly #room: FileRoom
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
    this.#room = new FileRoom(file)
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
    this.#makeRoom(changes)
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
    this.#makeRoom(changes)
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
    this.#room.close()
  }

  #makeRoom(changes: readonly Change[]): void {
    const { lastPageNumber, pageSize, treeDepth } = this.#opened().getStats() as Stats
    const pagesOf = ({ value }: Change): number =>
      Math.ceil((value?.length ?? 0) / pageSize) + Math.max(PAGES_OF_A_CHANGE, treeDepth - 1)
    const pages = changes.reduce((sum, change) => sum + pagesOf(change), lastPageNumber + 1)
    this.#room.ensure(pages * pageSize + MARGIN_BYTES)
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
