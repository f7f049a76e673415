import { text as textFrom } from 'node:stream/consumers'
import type { DeadLetter, DeadLetterShelf } from '../../bridge/dead-letter-shelf.ts'
import { eventOf, isReason } from '../../bridge/message.ts'
import type { Target } from '../../bridge/targets/target.ts'
import { CliError } from '../errors.ts'
import type { RedisOptions, TargetOptions } from './options.ts'
import { printable } from '../printable.ts'
import { withShelf } from './shelf.ts'
import { targetFrom } from './target.ts'

export interface ReplayOptions extends RedisOptions, TargetOptions {
  readonly all?: boolean
  readonly with?: string
}

/** Publishes dead letters once more, one after the other, and removes what is taken. */
export async function replay(ids: readonly string[], options: ReplayOptions): Promise<void> {
  check(ids, options)
  const target = await targetFrom(options)
  const instead = options.with === '-' ? await textFrom(process.stdin) : options.with
  await withShelf(options, async (shelf) => {
    let tried = 0
    let refused = 0
    for await (const letter of lettersOf(shelf, ids, options.all === true)) {
      tried++
      if (!(await replayOne(shelf, target, letter, instead))) refused++
    }
    if (tried === 0) process.stdout.write('There are no dead letters.\n')
    if (refused > 0)
      throw new CliError(`${refused} could not be published, and ${refused === 1 ? 'is' : 'are'} still there`)
  })
}

function check(ids: readonly string[], { all = false, with: instead }: ReplayOptions): void {
  if (all && ids.length > 0) throw new CliError('give ids or --all, not both')
  if (!all && ids.length === 0)
    throw new CliError('say which: ids, as "fanout bridge dead" lists them, or --all')
  if (instead !== undefined && ids.length !== 1) throw new CliError('--with is for one letter; give one id')
  const wrong = ids.find((id) => !/^\d{1,16}-\d{1,16}$/.test(id))
  if (wrong !== undefined) {
    throw new CliError(
      `"${wrong}" is no id of a dead letter; it looks like 1795796820297-0, see "fanout bridge dead"`,
    )
  }
}

async function* lettersOf(
  shelf: DeadLetterShelf,
  ids: readonly string[],
  all: boolean,
): AsyncGenerator<DeadLetter> {
  for (const id of ids) {
    const letter = await shelf.get(id)
    if (letter === undefined) throw new CliError(`there is no dead letter ${id}`)
    yield letter
  }
  if (!all) return
  for (let last = '0-0', more = true; more;) {
    const letters = await shelf.after(last, 100)
    yield* letters
    last = letters.at(-1)?.id ?? last
    more = letters.length > 0
  }
}

/** @returns whether it was taken */
async function replayOne(
  shelf: DeadLetterShelf,
  target: Target,
  letter: DeadLetter,
  instead: string | undefined,
): Promise<boolean> {
  const say = (what: string): void => {
    process.stdout.write(`${letter.id}  ${printable(what)}\n`)
  }
  if (letter.cutFrom !== undefined && instead === undefined) {
    say(`not replayed: it had ${letter.cutFrom} bytes, and only its beginning is kept`)
    return false
  }
  const event = eventOf({ bytes: instead === undefined ? letter.message : Buffer.from(instead) })
  if (isReason(event)) {
    say(`still cannot be published: ${event.message} (${event.code})`)
    return false
  }
  const [outcome] = await target.publish([event], new AbortController().signal)
  if (outcome === undefined || outcome.status === 'failed') {
    const detail = printable(outcome?.error.message ?? 'no answer')
    throw new CliError(`${target.name} did not take ${letter.id}, which is still there: ${detail}`)
  }
  if (outcome.status === 'refused') {
    say(`refused: ${outcome.reason.message}`)
    return false
  }
  await shelf.remove(letter.id)
  say(`${outcome.status === 'duplicate' ? 'was published already' : 'published'} as ${event.id}`)
  return true
}
