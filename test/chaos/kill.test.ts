import { describe, expect, it } from 'vitest'
import { Campaign, DEFAULTS } from './campaign.ts'
import { faultsIn, type Evidence } from './verify.ts'

describe('a server that is killed again and again under load', () => {
  it('keeps every acknowledged event once, in its place, and shows its readers the same', async () => {
    // A new seed each time: chance may find what one seed does not. The report names it.
    const seed = Date.now() % 1_000_000
    const { faults, counts } = await new Campaign({ ...DEFAULTS, seed }).run()
    console.log(JSON.stringify({ seed, ...counts }))
    expect(faults.slice(0, 20), `seed ${seed}`).toEqual([])
    expect(counts).toMatchObject({ acknowledged: DEFAULTS.events, kills: DEFAULTS.kills })
  }, 240_000)
})

describe('the comparison after a campaign', () => {
  const text = (n: number): string => JSON.stringify({ type: 'T', n, id: `e${n}` })
  const entry = (offset: number, n: number) => ({ offset, event: JSON.parse(text(n)) as unknown })
  const planned = [0, 1].map((n) => ({ n, id: `e${n}`, recipients: ['ann'], text: text(n) }))
  const sound: Evidence = {
    planned,
    acknowledged: new Map(
      planned.map(({ n, id }) => [n, [{ id, recipients: [{ userId: 'ann', offset: 7 + n }] }]]),
    ),
    logs: new Map([['ann', [entry(7, 0), entry(8, 1)]]]),
    readers: [
      {
        userId: 'ann',
        seen: new Map([
          [7, text(0)],
          [8, text(1)],
        ]),
      },
    ],
  }

  it('finds nothing where there is nothing', () => {
    expect(faultsIn(sound)).toEqual([])
  })

  it.each<[string, Partial<Evidence>, RegExp]>([
    ['a lost event', { logs: new Map([['ann', [entry(7, 0)]]]) }, /event 1 is not at offset 8/],
    ['a hole', { logs: new Map([['ann', [entry(7, 0), entry(9, 1)]]]) }, /9 comes after 7/],
    [
      'an event twice',
      { logs: new Map([['ann', [entry(7, 0), entry(8, 1), entry(9, 0)]]]) },
      /event 0 is there twice/,
    ],
    ['a swap', { logs: new Map([['ann', [entry(7, 1), entry(8, 0)]]]) }, /event 0 is not at offset 7/],
    [
      "somebody else's event",
      { logs: new Map([...sound.logs, ['bob', [entry(3, 0)]]]) },
      /bob: event 0 is somebody/,
    ],
    ['an event without an acknowledgement', { acknowledged: new Map() }, /event 0 was never acknowledged/],
    [
      'a reader that missed one',
      { readers: [{ userId: 'ann', seen: new Map([[7, text(0)]]) }] },
      /never saw offset 8/,
    ],
    [
      'a reader that was shown what was lost later',
      { readers: [{ userId: 'ann', seen: new Map([...sound.readers[0]!.seen, [9, text(1)]]) }] },
      /saw at offset 9 what is not in the log/,
    ],
  ])('finds %s', (_name, broken, fault) => {
    expect(faultsIn({ ...sound, ...broken }).join('\n')).toMatch(fault)
  })
})
