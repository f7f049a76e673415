/** A place where records lie in the order of their keys. */
export interface Records {
  get(key: Buffer): Buffer | undefined
}

export interface StoredRecord {
  readonly key: Buffer
  readonly value: Buffer
}

/** Keys from `start` up to, but without, `end`. */
export interface KeyRange {
  readonly start: Buffer
  readonly end: Buffer
  /** From the highest key down. */
  readonly reverse?: boolean
  /** What was changed in the last seconds may be missing or be as it was: faster, for whoever looks for what is old. */
  readonly mayLag?: boolean
}

/** One record to write, or, without a value, to remove. */
export interface Change {
  readonly key: Buffer
  readonly value: Buffer | undefined
}

/** What the implementations of the ports need from a database. Reads see what was committed, and are synchronous. */
export interface Store extends Records {
  range(range: KeyRange): Iterable<StoredRecord>

  /**
   * All of the changes or none. Answers when they are on disk; no read sees them before that, or a reader might be
   * told of an event that a power cut then takes back, and later find another one at its offset.
   *
   * @throws if they may not be on disk
   */
  commit(changes: readonly Change[]): Promise<void>

  close(): Promise<void>
}
