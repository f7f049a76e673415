import { type DeadLetter, DeadLetterShelf } from '../../bridge/dead-letter-shelf.ts'
import { wholeNumber } from '../../process/settings.ts'
import type { RedisOptions } from './options.ts'
import { withShelf } from './shelf.ts'

export interface ListOptions extends RedisOptions {
  readonly limit: string
  readonly json?: boolean
}

/** Prints the newest dead letters, the newest last. */
export async function listDeadLetters({ limit, json = false, ...redis }: ListOptions): Promise<void> {
  const count = wholeNumber('--limit', limit, 1, 1_000_000)
  await withShelf(redis, async (shelf: DeadLetterShelf) => {
    const letters = await shelf.newest(count)
    const total = await shelf.count()
    for (const letter of letters) process.stdout.write(`${json ? asJson(letter) : asText(letter)}\n`)
    if (!json) process.stdout.write(summary(letters.length, total))
  })
}

function asJson({ message, ...letter }: DeadLetter): string {
  return JSON.stringify({ ...letter, message: message.toString() })
}

/** Of a long message, its beginning. */
const SHOWN = 200

function asText({ id, at, code, reason, message, from }: DeadLetter): string {
  // What came may hold anything, and a terminal obeys control characters.
  const shown = JSON.stringify(message.subarray(0, SHOWN).toString())
  const more = message.length > SHOWN ? ` … (${message.length} bytes)` : ''
  return `${id}  ${new Date(at).toISOString()}  ${from}  ${code}\n  ${JSON.stringify(reason).slice(1, -1)}\n  ${shown}${more}`
}

function summary(shown: number, total: number): string {
  if (total === 0) return 'There are no dead letters.\n'
  const rest = total > shown ? ` The newest ${shown} are shown.` : ''
  return `${total} dead letters.${rest} Once the cause is mended: fanout bridge replay <id>, or --all; with another text: --with '<json>'.\n`
}
