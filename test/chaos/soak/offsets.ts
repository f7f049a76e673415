/** Where offsets begin is known only after the first one came: room for those that turn out to be below it. */
const SLACK = 256

/** Which event stands at which offset of one log: four bytes each, for a log has thousands. */
export class Offsets {
  #first = 0
  /** The event's number + 1; 0: not known. */
  #slots = new Uint32Array(0)

  get(offset: number): number | undefined {
    const slot = this.#slots[offset - this.#first] ?? 0
    return slot === 0 ? undefined : slot - 1
  }

  set(offset: number, n: number): void {
    if (this.#slots.length === 0) this.#first = offset - SLACK
    if (offset < this.#first) this.#shift(this.#first - offset + SLACK)
    const at = offset - this.#first
    if (at >= this.#slots.length) this.#slots = this.#copy(Math.max(1024, at * 2), 0)
    this.#slots[at] = n + 1
  }

  #shift(by: number): void {
    this.#slots = this.#copy(this.#slots.length + by, by)
    this.#first -= by
  }

  #copy(length: number, at: number): Uint32Array<ArrayBuffer> {
    const slots = new Uint32Array(length)
    slots.set(this.#slots, at)
    return slots
  }
}

/** Which events have been met: a bit each. */
export class NumberSet {
  #bytes = new Uint8Array(1024)

  has(n: number): boolean {
    return ((this.#bytes[n >> 3] ?? 0) & (1 << (n & 7))) !== 0
  }

  add(n: number): void {
    const at = n >> 3
    if (at >= this.#bytes.length) {
      const bytes = new Uint8Array(at * 2)
      bytes.set(this.#bytes)
      this.#bytes = bytes
    }
    this.#bytes[at] = (this.#bytes[at] ?? 0) | (1 << (n & 7))
  }
}
