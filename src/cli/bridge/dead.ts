import { isUtf8 } from 'node:buffer'
import { type DeadLetter, DeadLetterShelf } from '../../bridge/dead-letter-shelf.ts'
import { wholeNumber } from '../../process/settings.ts'
import type { RedisOptions } from './options.ts'
import { printable } from '../printable.ts'
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

/** What is no UTF-8 cannot stand in JSON, and should be there all the same. */
function asJson({ message, bytes: _, ...letter }: DeadLetter): string {
  const content = isUtf8(message)
    ? { message: message.toString() }
    : { messageBase64: message.toString('base64') }
  return printable(JSON.stringify({ ...letter, ...content }))
}

/** Of a long message, its beginning. */
const SHOWN = 200

function asText({ id, at, code, reason, message, from, cutFrom = message.length }: DeadLetter): string {
  const shown = JSON.stringify(message.subarray(0, SHOWN).toString())
  const more = cutFrom > SHOWN ? ` … (${cutFrom} bytes)` : ''
  const lines = [`${id}  ${new Date(at).toISOString()}  ${from}  ${code}`, `  ${reason}`, `  ${shown}${more}`]
  return lines.map(printable).join('\n')
}

function summary(shown: number, total: number): string {
  if (total === 0) return 'There are no dead letters.\n'
  const rest = total > shown ? ` The newest ${shown} are shown.` : ''
  return `${total} dead ${total === 1 ? 'letter' : 'letters'}.${rest} Once the cause is mended: fanout bridge replay <id>, or --all; with another text: --with '<json>'.\n`
}
