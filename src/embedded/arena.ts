const CHUNK_BYTES = 1024 * 1024
/** Above what a place in a chunk can be. */
const PLACES = 2 ** 24
const LENGTH_BYTES = 4

/**
 * Values in memory that is used again and again: buffers of their own, thousands a second that live for a second or two, would have V8
 * collect its old generation all the time.
 */
export class Arena {
  readonly #chunks: Buffer[] = []
  #chunk = 0
  #end = 0

  /** Copies a value. @returns where it is */
  put(value: Buffer): number {
    const bytes = LENGTH_BYTES + value.length
    const chunk = this.#withRoom(bytes)
    const at = this.#end
    chunk.writeUInt32BE(value.length, at)
    chunk.set(value, at + LENGTH_BYTES)
    this.#end += bytes
    return this.#chunk * PLACES + at
  }

  /** What was put there: the bytes themselves, which are others' once the arena was cleared. */
  at(place: number): Buffer {
    const chunk = this.#chunks[Math.floor(place / PLACES)]
    if (chunk === undefined) throw new RangeError(`nothing was put at ${place}`)
    const start = (place % PLACES) + LENGTH_BYTES
    return chunk.subarray(start, start + chunk.readUInt32BE(start - LENGTH_BYTES))
  }

  clear(): void {
    this.#chunk = 0
    this.#end = 0
  }

  /** The chunk in use, or the next that is large enough. */
  #withRoom(bytes: number): Buffer {
    for (; ; this.#chunk++, this.#end = 0) {
      const chunk = (this.#chunks[this.#chunk] ??= Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes)))
      if (this.#end + bytes <= chunk.length) return chunk
    }
  }
}
