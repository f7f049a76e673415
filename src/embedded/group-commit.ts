import { setImmediate as nextTurn } from 'node:timers/promises'
import { FanoutError } from '../core/errors.ts'
import { Batch } from './batch.ts'
import type { Store } from './store.ts'

/** Reads and writes the batch, synchronously; what it returns is answered when the batch is on disk. */
export type Job<T> = (batch: Batch) => T

export interface GroupCommitOptions {
  /** A batch takes no further job from here on, so that neither its callers nor its memory wait for too much. */
  readonly jobs?: number
  readonly bytes?: number
  /** So many jobs may wait; more are refused at once, since they would wait for longer than anyone listens. */
  readonly queue?: number
  /** Told of each batch that could not be written. */
  readonly onFailure?: (error: unknown) => void
}

interface Waiting {
  /** Answers the caller; to be called once the batch is on disk. */
  readonly run: (batch: Batch) => () => void
  readonly fail: (error: unknown) => void
}

/**
 * The one writer. Syncing a disk takes as long for a thousand changes as for one, so all jobs that come while a
 * transaction is under way share the next. Jobs run one after the other, in the order in which they were queued, and
 * each sees what those before it wrote: no two of them ever conflict. Nothing about the records is remembered between
 * batches, so one that fails needs no undoing.
 */
export class GroupCommit {
  readonly #store: Store
  readonly #limits: { readonly jobs: number; readonly bytes: number; readonly queue: number }
  readonly #onFailure: (error: unknown) => void
  readonly #queue: Waiting[] = []
  #loop: Promise<void> | undefined
  #closed = false
  #batches = 0
  #jobs = 0
  #failures = 0

  constructor(store: Store, options: GroupCommitOptions = {}) {
    const { jobs = 1000, bytes = 4 * 1024 * 1024, queue = 50_000, onFailure = () => undefined } = options
    this.#store = store
    this.#limits = { jobs, bytes, queue }
    this.#onFailure = onFailure
  }

  /**
   * @throws what the job throws, which then has changed nothing; or FanoutError `unavailable`, if the queue is full, or
   * if it is not known whether the batch is on disk
   */
  run<T>(job: Job<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new FanoutError('unavailable', 'the data folder is closed'))
    if (this.#queue.length >= this.#limits.queue) {
      const detail = `${this.#queue.length} writes wait for the data folder already; try again later`
      return Promise.reject(new FanoutError('unavailable', detail))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ run: (batch) => attempt(() => batch.run(job), resolve, reject), fail: reject })
      this.#loop ??= this.#drain()
    })
  }

  /** Written so far: how many transactions, jobs in them, and how many transactions failed. */
  get counters(): { readonly batches: number; readonly jobs: number; readonly failures: number } {
    return { batches: this.#batches, jobs: this.#jobs, failures: this.#failures }
  }

  /** Writes what is queued and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#loop
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Whoever is served in this turn of the event loop, or was just answered, still joins.
      await nextTurn()
      await this.#writeBatch()
    }
    this.#loop = undefined
  }

  async #writeBatch(): Promise<void> {
    const batch = new Batch(this.#store)
    const answers: (() => void)[] = []
    for (const waiting of this.#queue) {
      if (answers.length >= this.#limits.jobs || batch.bytes >= this.#limits.bytes) break
      answers.push(waiting.run(batch))
    }
    const taken = this.#queue.splice(0, answers.length)
    try {
      await this.#commit(batch, taken.length)
    } catch (error) {
      this.#refuse(taken, error)
      return
    }
    for (const answer of answers) answer()
  }

  async #commit(batch: Batch, jobs: number): Promise<void> {
    const changes = batch.changes
    if (changes.length > 0) {
      await this.#store.commit(changes)
      this.#batches++
    }
    this.#jobs += jobs
  }

  #refuse(taken: readonly Waiting[], cause: unknown): void {
    this.#failures++
    this.#onFailure(cause)
    for (const { fail } of taken) {
      const error = new FanoutError('unavailable', 'the data folder could not be written; try again')
      error.cause = cause
      fail(error)
    }
  }
}

/** Runs now, answers later: even a refusal may rest on what this batch has yet to write. */
function attempt<T>(
  job: () => T,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const result = job()
    return () => {
      resolve(result)
    }
  } catch (error) {
    return () => {
      reject(error)
    }
  }
}
