import type { Random } from './random.ts'

/** An event that is going to be published. */
export interface PlannedEvent {
  readonly n: number
  /** Its own, or none: then the server derives one. */
  readonly id?: string
  readonly recipients: readonly string[]
  readonly text: string
}

/** One request: a single event, or an array. */
export interface Job {
  readonly events: readonly PlannedEvent[]
  readonly body: string
  /** Two publishers send it at the same time, as two bridges of one source would. */
  readonly twice: boolean
}

export interface CampaignSize {
  readonly events: number
  readonly users: number
}

/** Everything that will be published: of all the kinds there are, to one to three random users each. */
export function planJobs(random: Random, { events, users }: CampaignSize): Job[] {
  const jobs: Job[] = []
  for (let n = 0; n < events;) {
    const size = random.chance(0.1) ? random.whole(2, Math.min(10, events - n + 1)) : 1
    const batch: PlannedEvent[] = []
    while (batch.length < size && n < events) batch.push(planEvent(random, n++, users))
    const texts = batch.map(({ text }) => text)
    const body = size === 1 ? texts.join('') : `[${texts.join(',')}]`
    jobs.push({ events: batch, body, twice: random.chance(0.02) })
  }
  return jobs
}

/** One event of its own kind and size, to one to three random users. */
export function planEvent(random: Random, n: number, users: number): PlannedEvent {
  const recipients = random.distinct(random.whole(1, 3), users).map((user) => `user-${user}`)
  const id = random.chance(0.5) ? `chaos-${n}` : undefined
  const text = JSON.stringify({
    type: 'CHAOS',
    timestamp: 1_790_000_000_000 + n,
    n,
    ...(id !== undefined && { id }),
    ...recipientFields(recipients),
    // Now and then longer than a page of the database.
    note: 'x'.repeat(random.chance(0.02) ? random.whole(4_000, 20_000) : random.whole(0, 400)),
  })
  return { n, ...(id !== undefined && { id }), recipients, text }
}

function recipientFields(recipients: readonly string[]): object {
  const [first, second] = recipients
  if (recipients.length === 1) return { userId: first, role: 'trainer' }
  if (recipients.length === 2) return { userId: 'nobody', trainerId: first, studentId: second }
  return { recipientIds: recipients }
}
