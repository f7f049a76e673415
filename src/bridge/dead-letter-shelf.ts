import { LETTER } from './dead-letters.ts'
import type { Message } from './message.ts'
import type { Connection } from './redis/connection.ts'
import { fieldsOf, listOf, type Reply, textOf } from './redis/script.ts'
import { timeOf } from './stream/entry-time.ts'

/** A message that could not be published, as it is kept. */
export interface DeadLetter extends Message {
  readonly id: string
  /** When it was put there, in milliseconds since 1970. */
  readonly at: number
  readonly code: string
  readonly reason: string
  readonly path?: string
  readonly from: string
  readonly message: Buffer
  /** How large it was, where only its beginning is kept, and the SHA-256 of all of it in hexadecimal. */
  readonly cutFrom?: number
  readonly sha256?: string
}

/** The dead letters, for people. */
export class DeadLetterShelf {
  readonly #redis: Connection
  readonly #key: string

  constructor(redis: Connection, key: string) {
    this.#redis = redis
    this.#key = key
  }

  async count(): Promise<number> {
    return this.#redis.xlen(this.#key)
  }

  /** The newest last. */
  async newest(count: number): Promise<readonly DeadLetter[]> {
    const entries = (await this.#redis.callBuffer('XREVRANGE', this.#key, '+', '-', 'COUNT', count)) as Reply
    return listOf(entries).map(letterOf).toReversed()
  }

  /** Some of them, the oldest first, beginning after one. */
  async after(id: string, count: number): Promise<readonly DeadLetter[]> {
    const entries = (await this.#redis.callBuffer(
      'XRANGE',
      this.#key,
      `(${id}`,
      '+',
      'COUNT',
      count,
    )) as Reply
    return listOf(entries).map(letterOf)
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const entries = (await this.#redis.callBuffer('XRANGE', this.#key, id, id)) as Reply
    return listOf(entries).map(letterOf)[0]
  }

  async remove(id: string): Promise<void> {
    await this.#redis.xdel(this.#key, id)
  }
}

function letterOf(reply: Reply): DeadLetter {
  const [id, list] = listOf(reply)
  const fields = fieldsOf(list)
  const text = (name: string): string => textOf(fields.get(name))
  const known = (name: 'path' | 'entry' | 'sha256'): object => {
    const value = text(LETTER[name])
    return value === '' ? {} : { [name]: value }
  }
  const [producer, number] = [text(LETTER.producer), Number(text(LETTER.number))]
  const message = (fields.get(LETTER.message) ?? Buffer.alloc(0)) as Buffer
  const cut = fields.get(LETTER.bytes)
  return {
    id: textOf(id),
    at: timeOf(textOf(id)),
    code: text(LETTER.code),
    reason: text(LETTER.reason),
    from: text(LETTER.from),
    message,
    bytes: message,
    ...known('path'),
    ...known('entry'),
    ...known('sha256'),
    ...(producer !== '' && { number: { producer, number } }),
    ...(cut !== undefined && { cutFrom: Number(textOf(cut)) }),
  }
}
