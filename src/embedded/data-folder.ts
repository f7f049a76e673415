import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock, DeviceLedger, EventLog, Logger, RefusalLedger, Revocations } from '../core/ports.ts'
import { checkFormat, syncFolder } from './folder-format.ts'
import { FolderLock } from './folder-lock.ts'
import { checkWrites } from './check-writes.ts'
import { GroupCommit } from './group-commit.ts'
import { JournaledStore } from './journaled-store.ts'
import { LmdbDeviceLedger } from './lmdb-device-ledger.ts'
import { LmdbEventLog, receiptLife } from './lmdb-event-log.ts'
import { LmdbRefusalLedger } from './lmdb-refusal-ledger.ts'
import { LmdbRevocations } from './lmdb-revocations.ts'
import { LmdbStore } from './lmdb-store.ts'
import { Retention, type RetentionOptions } from './retention.ts'
import type { Store } from './store.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export interface DataFolderOptions {
  /** @default 30 days */
  readonly retentionMs?: number
  /** @default the system's */
  readonly clock?: Clock
  /** Told of what failed with nobody waiting for it. */
  readonly logger?: Logger
  /** Of the sweep that removes what has expired. */
  readonly timer?: RetentionOptions['timer']
}

/** Everything that is kept on disk. It belongs to one process at a time. */
export interface DataFolder {
  readonly log: EventLog
  readonly devices: DeviceLedger
  readonly refusals: RefusalLedger
  readonly revocations: Revocations
  /** Started; `stop` and `tick` are there for tests. */
  readonly retention: Retention
  /** What the writer has done so far. */
  readonly counters: GroupCommit['counters']
  /**
   * Writes a tiny record, in the same batches as everything else.
   *
   * @throws if the disk does not take it, or not in time
   */
  check(deadlineMs?: number): Promise<void>
  /** Writes what is still queued, and lets go of the folder. Calling it again is no error. */
  close(): Promise<void>
}

/**
 * Opens a data folder, and creates it if it is not there.
 *
 * @throws Error that names the folder and says what to do: it is in use, or of another format
 */
export function openDataFolder(path: string, options: DataFolderOptions = {}): DataFolder {
  const folder = resolve(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = new FolderLock(folder)
  try {
    return assemble(folder, lock, options)
  } catch (error) {
    lock.release()
    throw error
  }
}

function openStore(folder: string, onFailure: (error: unknown) => void): Store {
  checkFormat(folder)
  const file = join(folder, 'events.mdb')
  // LMDB would let the whole group read it, and the folder may be one that was there before.
  closeSync(openSync(file, 'a', 0o600))
  const store = openBehindJournal(folder, new LmdbStore(file), onFailure)
  syncFolder(folder)
  syncFolder(dirname(folder))
  return store
}

function openBehindJournal(
  folder: string,
  database: LmdbStore,
  onFailure: (error: unknown) => void,
): JournaledStore {
  try {
    return new JournaledStore(folder, database, { onFailure })
  } catch (error) {
    void database.close()
    throw error
  }
}

function assemble(folder: string, lock: FolderLock, options: DataFolderOptions): DataFolder {
  const { clock = Date, retentionMs = 30 * DAY_MS, logger, timer } = options
  const onFailure = (err: unknown): void => logger?.error({ err }, 'the data folder could not be written')
  const store = openStore(folder, onFailure)
  const writer = new GroupCommit(store, { onFailure })
  const parts = { store, writer, clock, retentionMs }
  const retention = new Retention({ ...parts, ...(timer && { timer }), ...(logger && { logger }) })
  retention.start()
  let closing: Promise<void> | undefined
  return {
    log: new LmdbEventLog(parts),
    // What devices told of an event is known for as long as its receipt.
    devices: new LmdbDeviceLedger({ ...parts, retentionMs: receiptLife(retentionMs) }),
    refusals: new LmdbRefusalLedger(parts),
    revocations: new LmdbRevocations(parts),
    retention,
    get counters() {
      return writer.counters
    },
    check: (deadlineMs = 5000) => checkWrites(writer, clock, deadlineMs),
    close: () => (closing ??= close(retention, writer, store, lock)),
  }
}

async function close(
  retention: Retention,
  writer: GroupCommit,
  store: Store,
  lock: FolderLock,
): Promise<void> {
  await retention.stop()
  await writer.close()
  await store.close()
  lock.release()
}
