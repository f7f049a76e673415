export interface Entry {
  readonly offset: number
  readonly event: { readonly id: string; readonly n: number }
}

export interface Letter {
  readonly code: string
  readonly entry: string
}

export interface StreamEvidence {
  /** The event of each entry, in the stream's order; some are broken, some are there twice. */
  readonly stream: readonly string[]
  readonly logs: ReadonlyMap<string, readonly Entry[]>
  readonly letters: readonly Letter[]
}

interface Expected {
  readonly id: string
  readonly trainerId: string
  readonly studentId: string
}

/** Everything that is not as promised: each event once in both logs, in the stream's order; each broken entry once among the dead letters. */
export function faultsIn({ stream, logs, letters }: StreamEvidence): string[] {
  const { events, broken } = sorted(stream)
  const faults: string[] = []
  for (const [userId, log] of logs) {
    const expected = events.filter((event) => event.trainerId === userId || event.studentId === userId)
    faults.push(
      ...compared(
        userId,
        expected.map(({ id }) => id),
        log,
      ),
    )
  }
  const entries = new Set(letters.map(({ entry }) => entry))
  if (letters.length !== broken) faults.push(`${broken} broken entries, and ${letters.length} dead letters`)
  if (entries.size !== letters.length) faults.push('a broken entry is there twice among the dead letters')
  return faults
}

/** Of an event that was added twice, as after a lost answer, the first time counts. */
function sorted(stream: readonly string[]): {
  readonly events: readonly Expected[]
  readonly broken: number
} {
  const events = new Map<string, Expected>()
  let broken = 0
  for (const text of stream) {
    const event = parse(text)
    if (event === undefined) broken++
    else if (!events.has(event.id)) events.set(event.id, event)
  }
  return { events: [...events.values()], broken }
}

function parse(text: string): Expected | undefined {
  try {
    const event = JSON.parse(text) as Partial<Expected>
    return event.trainerId === undefined ? undefined : (event as Expected)
  } catch {
    return undefined
  }
}

function compared(userId: string, expected: readonly string[], log: readonly Entry[]): string[] {
  const faults: string[] = []
  const ids = log.map(({ event }) => event.id)
  const missing = expected.filter((id) => !ids.includes(id))
  if (missing.length > 0)
    faults.push(`${userId}: ${missing.length} missing, as ${missing.slice(0, 3).join()}`)
  if (new Set(ids).size !== ids.length) faults.push(`${userId}: an event is there twice`)
  const at = ids.findIndex((id, i) => id !== expected[i])
  if (missing.length === 0 && at >= 0) {
    faults.push(
      `${userId}: at place ${at} there is ${ids[at] ?? ''}, and the stream has ${expected[at] ?? 'nothing'}`,
    )
  }
  for (const [i, { offset }] of log.entries()) {
    const before = log[i - 1]?.offset
    if (before !== undefined && offset !== before + 1)
      faults.push(`${userId}: ${offset} comes after ${before}`)
  }
  return faults
}
