import type { Clock, Refusal, RefusalLedger } from '../core/ports.ts'
import type { GroupCommit } from './group-commit.ts'
import { refusalKey } from './keys.ts'
import { keptSince, stamped, stampOf, textOf } from './stamped.ts'
import type { Store } from './store.ts'

export interface LmdbRefusalLedgerOptions {
  readonly store: Store
  readonly writer: GroupCommit
  readonly clock: Clock
  readonly retentionMs: number
}

/** `RefusalLedger` on LMDB: the last refusal of each event id. */
export class LmdbRefusalLedger implements RefusalLedger {
  readonly #options: LmdbRefusalLedgerOptions

  constructor(options: LmdbRefusalLedgerOptions) {
    this.#options = options
  }

  async note(refusal: Refusal): Promise<void> {
    await this.#options.writer.run((batch) => {
      batch.put(refusalKey(refusal.eventId), stamped(refusal.at, JSON.stringify(refusal)))
    })
  }

  async find(eventId: string): Promise<Refusal | undefined> {
    const { store, clock, retentionMs } = this.#options
    const record = store.get(refusalKey(eventId))
    if (record === undefined || stampOf(record) < keptSince(clock.now(), retentionMs)) return undefined
    return JSON.parse(textOf(record)) as Refusal
  }
}
