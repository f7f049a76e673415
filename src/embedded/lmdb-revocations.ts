import type { Revocations } from '../core/ports.ts'
import type { GroupCommit } from './group-commit.ts'
import { revocationKey } from './keys.ts'
import type { Records, Store } from './store.ts'

/** `Revocations` on LMDB: a record for each user who was ever disconnected, which never expires. */
export class LmdbRevocations implements Revocations {
  readonly #store: Store
  readonly #writer: GroupCommit

  constructor({ store, writer }: { readonly store: Store; readonly writer: GroupCommit }) {
    this.#store = store
    this.#writer = writer
  }

  async revoke(userId: string, issuedBefore: number): Promise<void> {
    await this.#writer.run((batch) => {
      const before = timeIn(batch, userId)
      if (before !== undefined && before >= issuedBefore) return
      batch.put(revocationKey(userId), Buffer.from(String(issuedBefore)))
    })
  }

  async notBefore(userId: string): Promise<number | undefined> {
    return timeIn(this.#store, userId)
  }
}

function timeIn(records: Records, userId: string): number | undefined {
  const record = records.get(revocationKey(userId))
  return record === undefined ? undefined : Number(record.toString())
}
