import type { Message } from '../message.ts'

export interface InboxLimits {
  readonly messages: number
  readonly bytes: number
}

/** What is in it: messages, and between them things to do once all before them is done with. */
export type Item = { readonly message: Message; readonly receivedAt: number } | { readonly then: () => void }

/** One batch: as many as one request of the HTTP target takes. */
const BATCH = 100

/**
 * What has come and waits for the target. Redis does not wait with pub/sub, so what there is no room for is lost; the newest, so that
 * what is taken is still in order.
 */
export class Inbox {
  readonly #limits: InboxLimits
  /** Begun at `#first`: moving the rest up at every take would cost more than all else. */
  #items: Item[] = []
  #first = 0
  #messages = 0
  #bytes = 0
  #isMarked = false
  #wake: (() => void) | undefined

  constructor(limits: InboxLimits) {
    this.#limits = limits
  }

  get messages(): number {
    return this.#messages
  }

  /** When the oldest message came, in milliseconds since 1970. */
  get oldestAt(): number | undefined {
    for (let at = this.#first; at < this.#items.length; at++) {
      const item = this.#items[at]
      if (item !== undefined && 'message' in item) return item.receivedAt
    }
    return undefined
  }

  /** @returns whether there was room */
  add(message: Message, receivedAt: number): boolean {
    const size = message.bytes.length
    const fits = this.#messages < this.#limits.messages && this.#bytes + size <= this.#limits.bytes
    // A message larger than all the room is taken if it is the only one: it is for the dead letters to say that it is too large.
    if (!fits && this.#messages > 0) return false
    this.#messages++
    this.#bytes += size
    this.#push({ message, receivedAt })
    return true
  }

  /**
   * Calls back once everything that is in it now was taken, and the next is asked for. While one waits for that, another is not needed, and
   * forgotten: the target may be away for days, and they would fill the memory.
   */
  afterwards(then: () => void): void {
    if (this.#isMarked) return
    this.#isMarked = true
    this.#push({ then })
  }

  /** The oldest, without waiting. */
  take(): readonly Message[] {
    const batch: Message[] = []
    while (this.#first < this.#items.length && batch.length < BATCH) {
      const item = this.#items[this.#first]
      if (item === undefined) break
      if ('then' in item) {
        // Only when those before it are done with, which they are when the next batch is asked for.
        if (batch.length > 0) break
        this.#isMarked = false
        item.then()
      } else {
        batch.push(item.message)
        this.#messages--
        this.#bytes -= item.message.bytes.length
      }
      this.#first++
    }
    if (this.#first > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    return batch
  }

  /** Resolves when there is something in it, or the signal is aborted. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#first < this.#items.length || signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#wake = undefined
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#wake = done
      signal.addEventListener('abort', done)
    })
  }

  #push(item: Item): void {
    this.#items.push(item)
    this.#wake?.()
  }
}
