import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cutAsJson } from '../../src/aws/cut-as-json.ts'

const bytesOf = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2

it.each([
  ['what fits stays as it is', 'größe', 7, 'größe'],
  ['each character takes its bytes', 'größe', 6, 'größ'],
  ['an escaped one takes those of its escape', '\u0001\u0001', 11, '\u0001'],
  ['no half of a character is left', 'a😀', 4, 'a'],
  ['nothing fits into nothing', 'a', 0, ''],
])('%s', (_, text, bytes, expected) => {
  expect(cutAsJson(text, bytes)).toBe(expected)
})

it('keeps the longest beginning that fits', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', '\\', '\n', '\0', '€', '😀'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
  })
  fc.assert(
    fc.property(text, fc.nat(60), (text, bytes) => {
      const cut = cutAsJson(text, bytes)
      expect(text.startsWith(cut)).toBe(true)
      expect(bytesOf(cut)).toBeLessThanOrEqual(bytes)
      const next = text.codePointAt(cut.length)
      if (next !== undefined) expect(bytesOf(cut + String.fromCodePoint(next))).toBeGreaterThan(bytes)
    }),
  )
})
