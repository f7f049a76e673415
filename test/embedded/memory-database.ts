import type { Database } from '../../src/embedded/journaled-store.ts'
import type { Change } from '../../src/embedded/store.ts'
import { MemoryRecords } from './memory-records.ts'

/** A database in memory that fails when told to. What it was given it has for good, as a disk would. */
export class MemoryDatabase extends MemoryRecords implements Database {
  fails: Error | undefined
  /** Before anything is written. */
  onCommit: (changes: readonly Change[]) => void = () => undefined

  /** What is in it now. */
  copy(): MemoryDatabase {
    const copy = new MemoryDatabase()
    copy.commitNow(this.all)
    return copy
  }

  async commit(changes: readonly Change[]): Promise<void> {
    await Promise.resolve()
    if (this.fails !== undefined) throw this.fails
    this.commitNow(changes)
    await Promise.resolve()
  }

  commitNow(changes: readonly Change[]): void {
    this.onCommit(changes)
    this.apply(
      changes.map(({ key, value }) => ({ key: Buffer.from(key), value: value && Buffer.from(value) })),
    )
  }
}
