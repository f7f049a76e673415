import { createHash } from 'node:crypto'
import { Cluster } from 'ioredis'
import type { Message, Reason } from './message.ts'
import type { Connection } from './redis/connection.ts'
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

type Word = string | Buffer | number

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
    const oldest = Math.max(0, Date.now() - keepFor)
    const fields = this.#fields(message, reason)
    if (acknowledgement !== undefined && !(redis instanceof Cluster)) {
      const { stream, group, entry } = acknowledgement
      await redis.call('EVAL', BURY, 2, key, stream, group, entry, oldest, ...fields)
      return
    }
    await redis.call('XADD', key, 'MINID', '~', oldest, '*', ...fields)
    if (acknowledgement === undefined) return
    // In a cluster the two may lie in different slots. Should the bridge end in between, the letter is written a second time.
    const { stream, group, entry } = acknowledgement
    await redis.call('XACK', stream, group, entry)
  }

  #fields({ bytes, entry, number }: Message, { code, message, path }: Reason): Word[] {
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

function contentOf(bytes: Buffer): Word[] {
  if (bytes.length <= LARGEST) return [LETTER.message, bytes]
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return [LETTER.message, bytes.subarray(0, BEGINNING), LETTER.bytes, bytes.length, LETTER.sha256, sha256]
}

/**
 * A script, for it does nothing if another reader was faster, and ends with the first command that fails; a transaction would go on, and acknowledge what is not among the dead letters.
 *
 * Keys: dead letters, stream. Arguments: group, entry, the oldest time that is kept, and the fields.
 */
const BURY = `
if #redis.call('XPENDING', KEYS[2], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
redis.call('XADD', KEYS[1], 'MINID', '~', ARGV[3], '*', unpack(ARGV, 4))
return redis.call('XACK', KEYS[2], ARGV[1], ARGV[2])
`
