import { describe, expect, it } from 'vitest'
import { DEFAULTS, StreamCampaign } from './stream-campaign.ts'
import { type Entry, faultsIn, type StreamEvidence } from './stream-verify.ts'

describe('a stream, two bridges and a server, each ended again and again', () => {
  it('every event is in the logs once, in the order of the stream, and every broken entry among the dead letters once', async () => {
    const seed = Date.now() % 1_000_000
    const { faults, counts, seconds } = await new StreamCampaign({ ...DEFAULTS, seed }).run()
    console.log(JSON.stringify({ seed, seconds, ...counts }))
    expect(faults.slice(0, 20), `seed ${seed}`).toEqual([])
    expect(counts).toMatchObject({
      emitted: DEFAULTS.events,
      kills: DEFAULTS.bridgeKills,
      restarts: DEFAULTS.redisRestarts,
      targetOutages: 1,
      poison: DEFAULTS.events / 500,
    })
    // Each kill was of whoever had the lease. (One may have had it for so short a time that it had not said so yet.)
    expect(counts['takeovers']).toBeGreaterThan(1)
  }, 300_000)
})

describe('the comparison after a campaign', () => {
  const text = (n: number) => JSON.stringify({ id: `e${n}`, n, trainerId: 'ann', studentId: 'bob' })
  const entry = (offset: number, n: number): Entry => ({ offset, event: { id: `e${n}`, n } })
  const both = (log: readonly Entry[]) =>
    new Map([
      ['ann', log],
      ['bob', log],
    ])
  const sound: StreamEvidence = {
    // The second of an event that was added twice is none.
    stream: [text(0), text(1), '{"broken', text(0), text(2)],
    logs: both([entry(7, 0), entry(8, 1), entry(9, 2)]),
    letters: [{ code: 'malformed_json', entry: '1-0' }],
  }

  it('finds nothing where there is nothing', () => {
    expect(faultsIn(sound)).toEqual([])
  })

  it.each<[string, Partial<StreamEvidence>, RegExp]>([
    ['a lost event', { logs: both([entry(7, 0), entry(8, 2)]) }, /ann: 1 missing, as e1/],
    [
      'an event twice',
      { logs: both([entry(7, 0), entry(8, 1), entry(9, 2), entry(10, 1)]) },
      /bob: an event is there twice/,
    ],
    [
      'a swap',
      { logs: both([entry(7, 1), entry(8, 0), entry(9, 2)]) },
      /at place 0 there is e1, and the stream has e0/,
    ],
    ['a hole', { logs: both([entry(7, 0), entry(9, 1), entry(10, 2)]) }, /9 comes after 7/],
    ['a broken entry that vanished', { letters: [] }, /1 broken entries, and 0 dead letters/],
    [
      'one that was put away twice',
      { letters: [sound.letters[0]!, sound.letters[0]!] },
      /there twice among the dead letters/,
    ],
  ])('finds %s', (_name, broken, fault) => {
    expect(faultsIn({ ...sound, ...broken }).join('\n')).toMatch(fault)
  })
})
