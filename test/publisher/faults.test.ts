/** What a publisher says against what is in the logs of a real server, with a proxy in between that breaks things. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnyEvents } from '../../src/client/event-map.ts'
import { PublishError } from '../../src/publisher/publish-error.ts'
import { type Publisher, publisherIn } from '../../src/publisher/publisher.ts'
import type { Outcome, Published } from '../../src/publisher/results.ts'
import { deployment } from '../e2e/deployment.ts'
import { recent } from '../e2e/http.ts'
import { publisherToken, unique } from '../e2e/tokens.ts'
import { type Fault, FAULTS, FaultyProxy, PASSING_FAULTS } from './faulty-proxy.ts'

const target = deployment()
const proxy = new FaultyProxy(() => target.httpUrl)

function publisherPast(faults: readonly Fault[], deadline = 600_000): Publisher<AnyEvents> {
  const { environment, ...way } = proxy.way(faults)
  return publisherIn<AnyEvents>({ ...way, deadline, getToken: () => publisherToken(target) }, environment)
}

/** The ids of a user's log, in its order. */
async function logOf(userId: string): Promise<string[]> {
  await proxy.idle()
  const ids: string[] = []
  for (let after = 0, more = true; more;) {
    const page = await recent(target, userId, `?after=${after}`)
    ids.push(...page.events.map(({ event }) => String(event['id'])))
    after = page.events.at(-1)?.offset ?? page.head
    more = page.more
  }
  return ids
}

const settled = async (publishing: Promise<Published>): Promise<Outcome<Published>> =>
  publishing.catch((error: unknown) => {
    if (error instanceof PublishError) return { error }
    throw error
  })

const mayBeThere = (outcome: Outcome) => !('error' in outcome) || outcome.error.mayHaveBeenPublished
const isPublished = (outcome: Outcome): outcome is Published => !('error' in outcome)

const seeded = (seed: number) =>
  fc.sample(fc.array(fc.constantFrom(...PASSING_FAULTS), { maxLength: 4 }), { numRuns: 200, seed })

describe('publishes past cuts at random points', () => {
  it('200 of them, several at a time: each is once in the log', async () => {
    const userId = unique('user')
    const scripts = seeded(4)
    expect(new Set(scripts.flat())).toEqual(new Set(PASSING_FAULTS))
    const events = scripts.map((_, i) =>
      // With an id, with one that the server derives, and with one that the publisher makes up.
      ({ type: 'T', userId, n: i, ...[{ id: unique('event') }, { timestamp: i }, {}][i % 3] }),
    )
    const results: Published[] = []
    for (let from = 0; from < 200; from += 20) {
      const some = scripts.slice(from, from + 20).map(async (faults, i) => {
        // Of a made-up id: the one of the test's environment is the same in each.
        const event = events[from + i]!
        return publisherPast(faults).publish(
          'id' in event || 'timestamp' in event ? event : { ...event, id: unique('event') },
        )
      })
      results.push(...(await Promise.all(some)))
    }
    const log = await logOf(userId)
    expect(log).toHaveLength(200)
    expect(new Set(log)).toEqual(new Set(results.map(({ id }) => id)))
  })

  it('a try that was cut after the work makes the next a duplicate', async () => {
    const userId = unique('user')
    const result = await publisherPast(['cut after', 'unavailable after', 'silent after']).publish({
      type: 'T',
      userId,
    })
    expect(result).toMatchObject({ duplicate: true })
    expect(await logOf(userId)).toEqual([result.id])
  })
})

const script = fc.array(fc.constantFrom(...FAULTS), { maxLength: 8 })
const deadline = fc.constantFrom(1, 500, 20_000, 600_000)

describe('under random faults', () => {
  it('what resolves is once in the log; what rejects as certainly not published is not', async () => {
    const seen = { published: 0, notThere: 0, unsure: 0 }
    await fc.assert(
      fc.asyncProperty(script, deadline, async (faults, ms) => {
        const userId = unique('user')
        const id = unique('event')
        const outcome = await settled(publisherPast(faults, ms).publish({ type: 'T', id, userId }))
        const log = await logOf(userId)
        if (isPublished(outcome)) expect(log).toEqual([id])
        else if (!outcome.error.mayHaveBeenPublished) expect(log).toEqual([])
        else expect(log.length).toBeLessThanOrEqual(1)
        seen[isPublished(outcome) ? 'published' : mayBeThere(outcome) ? 'unsure' : 'notThere']++
        // Published again, as the error says: never twice.
        if (!isPublished(outcome)) await publisherPast([]).publish({ type: 'T', id, userId })
        expect(await logOf(userId)).toEqual([id])
      }),
      { numRuns: 300 },
    )
    // Each case was there, or it was not tried.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(5)
  })

  it('publishAll keeps the order, and so does whoever publishes again what is left', async () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 101, max: 250 }))
    // Often the first of several requests gets through, and not the next.
    const scripts = fc
      .tuple(fc.boolean(), script)
      .map(([isFirstGood, faults]): Fault[] => (isFirstGood ? ['none', ...faults] : faults))
    let partial = 0
    await fc.assert(
      fc.asyncProperty(scripts, deadline, size, async (faults, ms, count) => {
        const userId = unique('user')
        const events = Array.from({ length: count }, (_, n) => ({
          type: 'T',
          id: unique('event'),
          userId,
          n,
        }))
        const ids = events.map(({ id }) => id)
        const outcomes = await publisherPast(faults, ms).publishAll(events)
        const log = await logOf(userId)
        const there = new Set(log)
        expect(log).toEqual(ids.filter((id) => there.has(id)))
        for (const [i, outcome] of outcomes.entries()) {
          if (isPublished(outcome)) expect(there).toContain(ids[i])
          if (!mayBeThere(outcome)) expect(there).not.toContain(ids[i])
        }
        if (outcomes.some(isPublished) && !outcomes.every(isPublished)) partial++
        await publisherPast([]).publishAll(events.filter((_, i) => !isPublished(outcomes[i]!)))
        expect(await logOf(userId)).toEqual(ids)
      }),
      { numRuns: 100 },
    )
    expect(partial).toBeGreaterThan(5)
  })
})
