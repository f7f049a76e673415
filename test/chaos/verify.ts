import type { PlannedEvent } from './plan.ts'

/** What the server has acknowledged about one event. */
export interface Acknowledgement {
  readonly id: string
  readonly recipients: readonly { readonly userId: string; readonly offset: number }[]
}

export interface Entry {
  readonly offset: number
  readonly event: unknown
}

export interface Evidence {
  readonly planned: readonly PlannedEvent[]
  /** By the event's number; an event may have been acknowledged several times. */
  readonly acknowledged: ReadonlyMap<number, readonly Acknowledgement[]>
  /** Each user's log, read in the end. */
  readonly logs: ReadonlyMap<string, readonly Entry[]>
  readonly readers: readonly { readonly userId: string; readonly seen: ReadonlyMap<number, string> }[]
}

/** Everything that is not as promised; empty if all is well. */
export function faultsIn({ planned, acknowledged, logs, readers }: Evidence): string[] {
  const texts = new Map<string, Map<number, string>>()
  for (const [userId, entries] of logs) {
    texts.set(userId, new Map(entries.map(({ offset, event }) => [offset, JSON.stringify(event)])))
  }
  return [
    ...planned.flatMap((event) => faultsOfEvent(event, acknowledged.get(event.n) ?? [], texts)),
    ...[...logs].flatMap(([userId, entries]) => faultsOfLog(userId, entries, planned)),
    ...readers.flatMap(({ userId, seen }) => faultsOfReader(userId, seen, texts.get(userId))),
  ]
}

/** Each acknowledgement names exactly the event's recipients, and in each one's log it stands where it says. */
function faultsOfEvent(
  { n, id, recipients, text }: PlannedEvent,
  acknowledgements: readonly Acknowledgement[],
  logs: ReadonlyMap<string, ReadonlyMap<number, string>>,
): string[] {
  if (acknowledgements.length === 0) return [`event ${n} was never acknowledged`]
  return acknowledgements.flatMap((acknowledgement) => {
    const expected = id === undefined ? `${text.slice(0, -1)},"id":"${acknowledgement.id}"}` : text
    const named = acknowledgement.recipients.map(({ userId }) => userId)
    return [
      ...(id === undefined || id === acknowledgement.id
        ? []
        : [`event ${n} got the id ${acknowledgement.id}`]),
      ...(named.toSorted().join() === recipients.toSorted().join()
        ? []
        : [`event ${n} for ${recipients.join()} was acknowledged for ${named.join()}`]),
      ...acknowledgement.recipients
        .filter(({ userId, offset }) => logs.get(userId)?.get(offset) !== expected)
        .map(
          ({ userId, offset }) =>
            `event ${n} is not at offset ${offset} of ${userId}, where it was acknowledged`,
        ),
    ]
  })
}

/** No holes, nothing twice, nothing of others: together with the acknowledgements, exactly the user's events. */
function faultsOfLog(userId: string, entries: readonly Entry[], planned: readonly PlannedEvent[]): string[] {
  const faults: string[] = []
  const present = new Set<number>()
  for (const [i, { offset, event }] of entries.entries()) {
    const before = entries[i - 1]?.offset
    if (before !== undefined && offset !== before + 1)
      faults.push(`${userId}: ${offset} comes after ${before}`)
    const { n } = event as { n: number }
    if (present.has(n)) faults.push(`${userId}: event ${n} is there twice, again at ${offset}`)
    present.add(n)
    if (planned[n]?.recipients.includes(userId) !== true)
      faults.push(`${userId}: event ${n} is somebody else's`)
  }
  return faults
}

/** What a reader saw is the log, neither more nor less. */
function faultsOfReader(
  userId: string,
  seen: ReadonlyMap<number, string>,
  log: ReadonlyMap<number, string> = new Map(),
): string[] {
  return [
    ...[...log.keys()]
      .filter((offset) => !seen.has(offset))
      .map((offset) => `a reader of ${userId} never saw offset ${offset}`),
    ...[...seen]
      .filter(([offset, text]) => log.get(offset) !== text)
      .map(([offset]) => `a reader of ${userId} saw at offset ${offset} what is not in the log`),
  ]
}
