/** The script that finds what is missing, on a real Redis, against a model of it. */
import type { Redis } from 'ioredis'
import { beforeEach, describe, expect, it } from 'vitest'
import { NUMBERS } from '../../../src/bridge/losses/number-script.ts'
import { listOf, numberOf, textOf } from '../../../src/bridge/redis/script.ts'
import { Random } from '../../chaos/random.ts'
import { RedisServer } from '../../support/redis-server.ts'

const GRACE = 1000
/** Later than the ledger itself: all that it has sent should be here. */
const BORN = 2_000_000

type Run = readonly [producer: string, from: number, to: number, born?: number]

interface Loss {
  readonly producer: string
  readonly from: number
  readonly to: number
  readonly since: number
}

let redis: Redis

beforeEach(async () => {
  redis = (await RedisServer.forTest()).client()
  await write(1_000_000)
})

async function write(
  now: number,
  ...runs: readonly Run[]
): Promise<{ open: number; losses: readonly Loss[] }> {
  const values = runs.flatMap(([producer, from, to, born = BORN]) => [producer, from, to, born])
  const [open, losses] = listOf(
    await NUMBERS.run(redis, ['{c}:numbers', '{c}:holes'], [now, GRACE, now, ...values]),
  )
  return {
    open: numberOf(open),
    losses: listOf(losses).map((loss) => {
      const [producer, from, to, since] = listOf(loss)
      return { producer: textOf(producer), from: numberOf(from), to: numberOf(to), since: numberOf(since) }
    }),
  }
}

const NOW = 3_000_000

describe('a hole', () => {
  it('is a loss once it is older than the grace, and is told once', async () => {
    expect(await write(NOW, ['p', 1, 3], ['p', 6, 9])).toEqual({ open: 1, losses: [] })
    expect(await write(NOW + GRACE - 1)).toEqual({ open: 1, losses: [] })
    expect(await write(NOW + GRACE)).toEqual({
      open: 0,
      losses: [{ producer: 'p', from: 4, to: 5, since: NOW }],
    })
    expect(await write(NOW + 2 * GRACE)).toEqual({ open: 0, losses: [] })
    expect(await write(NOW + 2 * GRACE, ['p', 10, 12])).toEqual({ open: 0, losses: [] })
  })

  it('that is filled within the grace is none', async () => {
    await write(NOW, ['p', 1, 3], ['p', 6, 9])
    expect(await write(NOW + 500, ['p', 4, 5])).toEqual({ open: 0, losses: [] })
    expect(await write(NOW + 9 * GRACE)).toEqual({ open: 0, losses: [] })
  })

  it('that is filled in part is a loss of the rest, each part as old as the hole', async () => {
    await write(NOW, ['p', 1, 1], ['p', 10, 10])
    expect(await write(NOW + 900, ['p', 4, 5])).toMatchObject({ open: 2 })
    const { losses } = await write(NOW + 1000)
    // The part before 4 was noticed when 4 came.
    expect(losses).toEqual([{ producer: 'p', from: 6, to: 9, since: NOW }])
    expect((await write(NOW + 1900)).losses).toEqual([{ producer: 'p', from: 2, to: 3, since: NOW + 900 }])
  })

  it('at the end shows where the producer says that it was further', async () => {
    await write(NOW, ['p', 1, 3])
    expect(await write(NOW, ['p', 8, 7])).toEqual({ open: 1, losses: [] })
    expect((await write(NOW + GRACE)).losses).toEqual([{ producer: 'p', from: 4, to: 7, since: NOW }])
    expect(await write(NOW + GRACE, ['p', 8, 7], ['p', 8, 8])).toEqual({ open: 0, losses: [] })
  })

  it('is not where the producer says what is known', async () => {
    await write(NOW, ['p', 1, 9])
    expect(await write(NOW, ['p', 5, 4], ['p', 10, 9])).toEqual({ open: 0, losses: [] })
  })
})

describe('a producer that nobody has seen', () => {
  it('is missed from its first number on', async () => {
    await write(NOW, ['p', 4, 4])
    expect((await write(NOW + GRACE)).losses).toMatchObject([{ from: 1, to: 3 }])
  })

  it.each([0, 999_999])(
    'is taken as it is if it is older than the ledger, or of unknown age: born %i',
    async (born) => {
      expect(await write(NOW, ['p', 4, 4, born])).toEqual({ open: 0, losses: [] })
      await write(NOW, ['p', 6, 6, born])
      expect((await write(NOW + GRACE)).losses).toMatchObject([{ from: 5, to: 5 }])
    },
  )

  it('may be called anything that a producer can be called', async () => {
    await write(NOW, ['since', 2, 2], ['of p', 2, 2], ['%d/%s', 2, 2])
    const { losses } = await write(NOW + GRACE)
    expect(losses.map(({ producer }) => producer).toSorted()).toEqual(['%d/%s', 'of p', 'since'])
  })
})

it('keeps large numbers', async () => {
  const large = 99_999_999_999_999
  await write(1_795_796_820_297, ['p', large - 5, large - 5, 0], ['p', large, large, 0])
  expect((await write(1_795_796_821_297)).losses).toEqual([
    { producer: 'p', from: large - 4, to: large - 1, since: 1_795_796_820_297 },
  ])
})

describe('at random', () => {
  it('everything is seen or reported, nothing that was seen is reported, and nothing before its time', async () => {
    const seed = Date.now() % 1_000_000
    const random = new Random(seed)
    for (let round = 0; round < 40; round++) await play(random, `p${round}`, `seed ${seed}, round ${round}`)
  })
})

/** Numbers come late, double, out of order, in runs, or not at all, from two bridges that write when they like. */
async function play(random: Random, producer: string, label: string): Promise<void> {
  const seen = new Set<number>()
  const noticed = new Map<number, number>()
  const reported = new Set<number>()
  let highest = 0
  let now = NOW
  const check = (losses: readonly Loss[], runs: readonly Run[]): void => {
    for (const [, from, to] of runs) {
      // What lies below is missed from now on, if it was not already.
      for (let n = highest + 1; n < from; n++) noticed.set(n, now)
      highest = Math.max(highest, to, from - 1)
      for (let n = from; n <= to; n++) if (!reported.has(n)) seen.add(n)
    }
    for (const { from, to } of losses) {
      for (let n = from; n <= to; n++) {
        expect(seen.has(n), `${label}: ${n} was seen, and is reported`).toBe(false)
        expect(reported.has(n), `${label}: ${n} is reported twice`).toBe(false)
        expect(now - (noticed.get(n) ?? now), `${label}: ${n} is reported too soon`).toBeGreaterThanOrEqual(
          GRACE,
        )
        reported.add(n)
      }
    }
  }
  for (let step = 0; step < 30; step++) {
    now += random.whole(0, 600)
    const runs = Array.from({ length: random.whole(0, 3) }, (): Run => {
      const from = random.whole(1, 60)
      return [producer, from, random.chance(0.1) ? from - 1 : from + random.whole(0, 4)]
    })
    check((await write(now, ...runs)).losses, runs)
  }
  now += GRACE
  check((await write(now)).losses, [])
  for (let n = 1; n <= highest; n++) {
    expect(seen.has(n) || reported.has(n), `${label}: ${n} is neither seen nor reported`).toBe(true)
  }
}
