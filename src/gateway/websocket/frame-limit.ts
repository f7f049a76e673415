type Expecting = 'flags' | 'length' | 'extendedLength'

/**
 * Watches a client's bytes for a data frame over the limit (RFC 6455, section 5.2).
 *
 * `ws` bounds a message, not a frame, and hands out only whole messages. So this reads the frame headers of the same
 * bytes, and skips the payloads; it sees an oversized frame at its header, before the payload has arrived.
 */
export class FrameLimit {
  /** Set once a frame was over the limit; nothing is read after that. */
  exceeded = false
  /** Messages that came entirely before the oversized frame: they still count. */
  messages = 0

  readonly #limit: number
  #expecting: Expecting = 'flags'
  #flags = 0
  #masked = false
  #lengthBytes = 0
  #length = 0
  #skip = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Returns whether an oversized frame has been seen. */
  read(chunk: Uint8Array): boolean {
    let at = 0
    while (at < chunk.length && !this.exceeded) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at)
        this.#skip -= skipped
        at += skipped
      } else {
        this.#header(chunk[at] ?? 0)
        at += 1
      }
    }
    return this.exceeded
  }

  #header(byte: number): void {
    if (this.#expecting === 'flags') {
      this.#flags = byte
      this.#expecting = 'length'
    } else if (this.#expecting === 'length') {
      this.#firstLength(byte)
    } else {
      this.#length = this.#length * 256 + byte
      this.#lengthBytes -= 1
      if (this.#lengthBytes === 0) this.#frame()
    }
  }

  #firstLength(byte: number): void {
    const length = byte & 0x7f
    this.#masked = (byte & 0x80) !== 0
    if (length < 126) {
      this.#length = length
      this.#frame()
      return
    }
    this.#length = 0
    this.#lengthBytes = length === 126 ? 2 : 8
    this.#expecting = 'extendedLength'
  }

  /** The header is complete but for the mask, which is skipped with the payload. */
  #frame(): void {
    const isControl = (this.#flags & 0x08) !== 0
    const isLast = (this.#flags & 0x80) !== 0
    this.#expecting = 'flags'
    this.#skip = this.#length + (this.#masked ? 4 : 0)
    if (isControl) return
    if (this.#length > this.#limit) this.exceeded = true
    else if (isLast) this.messages += 1
  }
}
