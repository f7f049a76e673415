import { setTimeout as sleep } from 'node:timers/promises'
import type { Examination, Person } from './examination.ts'
import { Skipped } from './link.ts'

/** Milliseconds between two polls. */
const POLL_EVERY = 500

/**
 * Waits for the first sign of an event at both people: a push on any socket, or, for what is not pushed may be in the log all the same,
 * a poll that has it.
 *
 * @returns when it was seen at both, in milliseconds since 1970; nothing if it was not, within the patience of the examination
 * @throws Skipped if nobody could see it
 */
export async function arrival(exam: Examination, eventId: string): Promise<number | undefined> {
  if (!canBeSeen(exam))
    throw new Skipped('nobody could see it arrive: there is neither a handshake nor a poll')
  const patience = exam.patience()
  const seen = await Promise.all(exam.people.map(async (person) => seenBy(exam, person, eventId, patience)))
  const times = seen.filter((at) => at !== undefined)
  return times.length === seen.length ? Math.max(...times) : undefined
}

export function canBeSeen(exam: Examination): boolean {
  return exam.holds('polling') || exam.people.every(({ sockets }) => sockets.length > 0)
}

async function seenBy(
  exam: Examination,
  { sockets, token }: Person,
  eventId: string,
  patience: AbortSignal,
): Promise<number | undefined> {
  const over = new AbortController()
  const end = (): void => {
    over.abort()
  }
  if (patience.aborted) return undefined
  patience.addEventListener('abort', end)
  try {
    const pushes = sockets.map(async (socket) => found(socket.pushed(eventId, over.signal)))
    const polls = exam.holds('polling') ? [found(polled(exam, token?.text ?? '', eventId, over.signal))] : []
    // Whatever finds nothing rejects, so that the others are waited for.
    return await Promise.any([...pushes, ...polls]).catch(() => undefined)
  } finally {
    end()
    patience.removeEventListener('abort', end)
  }
}

async function found(finding: Promise<number | undefined>): Promise<number> {
  const at = await finding
  if (at === undefined) throw new Error('not found')
  return at
}

async function polled(
  exam: Examination,
  token: string,
  eventId: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  while (!signal.aborted) {
    const { answer, endedAt } = await exam.ask('/api/v1/events/recent', { token })
    if (answer?.text.includes(JSON.stringify(eventId)) === true) return endedAt
    await sleep(POLL_EVERY, undefined, { signal }).catch(() => undefined)
  }
  return undefined
}
