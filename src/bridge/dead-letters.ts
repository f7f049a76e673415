import { createHash } from 'node:crypto'
import { Cluster } from 'ioredis'
import type { Message, Reason } from './message.ts'
import type { Connection } from './redis/connect.ts'
import type { Source } from './settings.ts'

/** The fields of a dead letter. */
export const LETTER = {
  message: 'message',
  code: 'code',
  reason: 'reason',
  path: 'path',
  from: 'from',
  entry: 'entry',
  producer: 'producer',
  number: 'number',
  /** Of one that is too large to be kept: how large it was, and its SHA-256 in hexadecimal. Then `message` is its beginning. */
  bytes: 'bytes',
  sha256: 'sha256',
} as const

export interface DeadLettersOptions {
  readonly redis: Connection
  /** Of the stream of dead letters. */
  readonly key: string
  readonly from: Source
  /** How long they are kept, in milliseconds. */
  readonly keepFor: number
}

/** What acknowledges an entry, to be done in the same step. */
export interface Acknowledgement {
  readonly stream: string
  readonly group: string
  readonly entry: string
}

/** A Redis stream of messages that can never be published, each with its reason, until somebody looks at them. */
export class DeadLetters {
  readonly #options: DeadLettersOptions

  constructor(options: DeadLettersOptions) {
    this.#options = options
  }

  /** @throws if Redis does not have it: then it must not be forgotten */
  async put(message: Message, reason: Reason, acknowledgement?: Acknowledgement): Promise<void> {
    const { redis, key, keepFor } = this.#options
    const add = [
      'xadd',
      key,
      'MINID',
      '~',
      Math.max(0, Date.now() - keepFor),
      '*',
      ...this.#fields(message, reason),
    ]
    if (acknowledgement === undefined) {
      await redis.call(...command(add))
      return
    }
    const { stream, group, entry } = acknowledgement
    const acknowledge = ['xack', stream, group, entry]
    if (redis instanceof Cluster) {
      // The two may lie in different slots. Should the bridge end in between, the letter is written a second time.
      await redis.call(...command(add))
      await redis.call(...command(acknowledge))
      return
    }
    const results = await redis.multi([add, acknowledge]).exec()
    const error = results?.find(([failure]) => failure !== null)?.[0]
    if (error) throw error
  }

  #fields({ bytes, entry, number }: Message, { code, message, path }: Reason): (string | Buffer | number)[] {
    const texts: Readonly<Record<string, string | number | undefined>> = {
      [LETTER.code]: code,
      [LETTER.reason]: message,
      [LETTER.path]: path === '' ? undefined : path,
      [LETTER.from]: this.#options.from,
      [LETTER.entry]: entry,
      [LETTER.producer]: number?.producer,
      [LETTER.number]: number?.number,
    }
    const known = Object.entries(texts).flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
    return [...known, ...contentOf(bytes)]
  }
}

/** Of a larger message only the beginning is kept: dead letters must not fill Redis's memory. */
const LARGEST = 1024 * 1024
const BEGINNING = 1024

function contentOf(bytes: Buffer): (string | Buffer | number)[] {
  if (bytes.length <= LARGEST) return [LETTER.message, bytes]
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return [LETTER.message, bytes.subarray(0, BEGINNING), LETTER.bytes, bytes.length, LETTER.sha256, sha256]
}

type Word = string | Buffer | number

function command([name, ...rest]: readonly Word[]): [string, ...Word[]] {
  return [String(name), ...rest]
}
