import { describe, expect, it } from 'vitest'
import { type Found, MergedLookups } from '../../src/aws/merged-lookups.ts'

function lookups(most: number, answer: (keys: readonly string[]) => Found<string>) {
  const asked: string[][] = []
  const merged = new MergedLookups<string>(most, async (keys) => {
    asked.push([...keys])
    return answer(keys)
  })
  return { merged, asked }
}

const echo = (keys: readonly string[]) => new Map(keys.map((key) => [key, `value of ${key}`]))

describe('merged look-ups', () => {
  it('are one call if they start in one go, each key asked for once', async () => {
    const { merged, asked } = lookups(100, echo)
    const found = await Promise.all(['a', 'b', 'a'].map(async (key) => merged.find(key)))
    expect(found).toEqual(['value of a', 'value of b', 'value of a'])
    expect(asked).toEqual([['a', 'b']])
  })

  it('take further calls where they do not fit into one', async () => {
    const { merged, asked } = lookups(2, echo)
    await Promise.all(['a', 'b', 'b', 'c', 'd', 'e'].map(async (key) => merged.find(key)))
    expect(asked).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  it('are not answered from an earlier call, nor by one that has begun', async () => {
    const { merged, asked } = lookups(100, echo)
    const first = merged.find('a')
    await Promise.resolve()
    expect(asked).toEqual([['a']])
    await Promise.all([first, merged.find('a')])
    await merged.find('a')
    expect(asked).toEqual([['a'], ['a'], ['a']])
  })

  it('know nothing of a key that was not found', async () => {
    expect(await lookups(100, () => new Map()).merged.find('a')).toBeUndefined()
  })

  it('fail for the key alone whose answer is an error', async () => {
    const { merged } = lookups(
      100,
      () =>
        new Map<string, string | Error>([
          ['a', new Error('no')],
          ['b', 'yes'],
        ]),
    )
    const [a, b] = await Promise.allSettled([merged.find('a'), merged.find('b')])
    expect(a).toMatchObject({ status: 'rejected', reason: { message: 'no' } })
    expect(b).toEqual({ status: 'fulfilled', value: 'yes' })
  })

  it('all fail with a call that fails, and the next call is tried', async () => {
    let broken = true
    const { merged } = lookups(100, (keys) => {
      if (broken) throw new Error('down')
      return echo(keys)
    })
    const failed = await Promise.allSettled([merged.find('a'), merged.find('b')])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    broken = false
    expect(await merged.find('a')).toBe('value of a')
  })
})
