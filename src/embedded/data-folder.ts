import { mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock, DeviceLedger, EventLog, Logger } from '../core/ports.ts'
import { checkFormat, syncFolder } from './folder-format.ts'
import { FolderLock } from './folder-lock.ts'
import { GroupCommit } from './group-commit.ts'
import { healthKey } from './keys.ts'
import { LmdbDeviceLedger } from './lmdb-device-ledger.ts'
import { LmdbEventLog } from './lmdb-event-log.ts'
import { LmdbStore } from './lmdb-store.ts'
import { Retention, type RetentionOptions } from './retention.ts'

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
    return assemble(openStore(folder), lock, options)
  } catch (error) {
    lock.release()
    throw error
  }
}

function openStore(folder: string): LmdbStore {
  checkFormat(folder)
  const store = new LmdbStore(join(folder, 'events.mdb'))
  syncFolder(folder)
  syncFolder(dirname(folder))
  return store
}

function assemble(store: LmdbStore, lock: FolderLock, options: DataFolderOptions): DataFolder {
  const { clock = Date, retentionMs = 30 * DAY_MS, logger, timer } = options
  const onFailure = (err: unknown): void => logger?.error({ err }, 'the data folder could not be written')
  const writer = new GroupCommit(store, { onFailure })
  const parts = { store, writer, clock, retentionMs }
  const retention = new Retention({ ...parts, ...(timer && { timer }), ...(logger && { logger }) })
  retention.start()
  let closing: Promise<void> | undefined
  return {
    log: new LmdbEventLog(parts),
    devices: new LmdbDeviceLedger(parts),
    retention,
    get counters() {
      return writer.counters
    },
    check: (deadlineMs = 5000) => check(writer, clock, deadlineMs),
    close: () => (closing ??= close(retention, writer, store, lock)),
  }
}

async function close(
  retention: Retention,
  writer: GroupCommit,
  store: LmdbStore,
  lock: FolderLock,
): Promise<void> {
  await retention.stop()
  await writer.close()
  await store.close()
  lock.release()
}

/** A broken disk may also just never answer. */
async function check(writer: GroupCommit, clock: Clock, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`the data folder did not take a write within ${deadlineMs} ms`)
    timer = setTimeout(reject, deadlineMs, error)
  })
  const written = writer.run((batch) => {
    batch.put(healthKey, Buffer.from(String(clock.now())))
  })
  await Promise.race([written, late]).finally(() => {
    clearTimeout(timer)
  })
}
