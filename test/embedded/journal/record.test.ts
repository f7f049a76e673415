import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeRecord } from '../../../src/embedded/journal/record.ts'
import type { Change } from '../../../src/embedded/store.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const changes: fc.Arbitrary<Change[]> = fc
  .tuple(
    fc.array(bytes, { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(bytes, fc.option(fc.nat(3), { nil: undefined })), { maxLength: 8 }),
  )
  // Several changes share a value, as several logs share an event.
  .map(([values, list]) =>
    list.map(([key, which]) => ({
      key,
      value: which === undefined ? undefined : values[which % values.length],
    })),
  )

const plain = (list: readonly Change[]): unknown[] =>
  list.map(({ key, value }) => [key.toString('hex'), value?.toString('hex')])

describe('a record of the journal', () => {
  it('holds what was put into it, wherever it lies', () => {
    fc.assert(
      fc.property(changes, fc.nat(1e15), bytes, bytes, (list, sequence, before, after) => {
        const encoded = encodeRecord({ sequence, changes: list })
        const found = decodeRecord(Buffer.concat([before, encoded, after]), before.length)
        expect(found?.record.sequence).toBe(sequence)
        expect(plain(found?.record.changes ?? [])).toEqual(plain(list))
        expect(found?.end).toBe(before.length + encoded.length)
      }),
    )
  })

  it('is none when it was cut short, or when any byte of it is another', () => {
    fc.assert(
      fc.property(changes, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, place, flip) => {
        const encoded = encodeRecord({ sequence: 7, changes: list })
        const at = place % encoded.length
        expect(decodeRecord(encoded.subarray(0, at), 0)).toBeUndefined()
        const damaged = Buffer.from(encoded)
        damaged[at] = (damaged[at] ?? 0) ^ flip
        expect(decodeRecord(damaged, 0)).toBeUndefined()
      }),
    )
  })

  it('has a value once that several changes share', () => {
    const value = Buffer.alloc(1000)
    const list = Array.from({ length: 100 }, (_, i) => ({ key: Buffer.from([i]), value }))
    expect(encodeRecord({ sequence: 1, changes: list }).length).toBeLessThan(2000)
  })
})
