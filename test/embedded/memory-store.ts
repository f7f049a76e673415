import type { Change, Store } from '../../src/embedded/store.ts'
import { MemoryRecords } from './memory-records.ts'

/** A `Store` whose commits a test holds up, lets go and fails. */
export class MemoryStore extends MemoryRecords implements Store {
  readonly commits: { readonly changes: readonly Change[]; succeed(): void; fail(error: Error): void }[] = []
  /** Commits wait for the test. */
  manual = false

  commit(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const succeed = (): void => {
        this.apply(changes)
        resolve()
      }
      this.commits.push({ changes, succeed, fail: reject })
      if (!this.manual) succeed()
    })
  }
}
