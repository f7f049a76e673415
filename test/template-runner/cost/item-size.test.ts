import { expect, it } from 'vitest'
import { itemBytes } from '../../../src/template-runner/cost/item-size.ts'
import { itemOf } from './snippets.ts'

it('is the documentation’s 23 bytes for a red shirt of size M', () => {
  expect(itemBytes({ 'shirt-color': { S: 'R' }, 'shirt-size': { S: 'M' } })).toBe(23)
})

it('counts text in UTF-8, names as well as values', () => {
  expect(itemBytes({ é: { S: '日本' } })).toBe(2 + 6)
  expect(itemBytes({ a: { S: '' } })).toBe(1)
  expect(itemBytes(itemOf(4))).toBe(4096)
})

it('counts a byte for two significant digits of a number, and one more', () => {
  const bytes = (N: string) => itemBytes({ n: { N } }) - 1
  expect(bytes('1')).toBe(2)
  expect(bytes('12')).toBe(2)
  expect(bytes('123')).toBe(3)
  expect(bytes('1790000000')).toBe(3)
  expect(bytes('0')).toBe(1)
  expect(bytes('-12.5')).toBe(3)
  expect(bytes('0.00012')).toBe(2)
  expect(bytes('12E+20')).toBe(2)
  expect(bytes('1.20e-7')).toBe(2)
  expect(bytes('1234567890123456789012345678901234567')).toBe(20)
})

it('counts the raw bytes of binary values', () => {
  expect(itemBytes({ b: { B: Buffer.from([1, 2, 3, 4]).toString('base64') } })).toBe(1 + 4)
})

it('counts one byte for null and for a truth value', () => {
  expect(itemBytes({ gone: { NULL: true } })).toBe(4 + 1)
  expect(itemBytes({ open: { BOOL: false } })).toBe(4 + 1)
})

it('counts three bytes for a list or a map, and one for each element', () => {
  expect(itemBytes({ l: { L: [] } })).toBe(1 + 3)
  expect(itemBytes({ m: { M: {} } })).toBe(1 + 3)
  expect(itemBytes({ l: { L: [{ S: 'ab' }, { N: '7' }] } })).toBe(1 + 3 + (1 + 2) + (1 + 2))
  expect(itemBytes({ m: { M: { key: { S: 'ab' } } } })).toBe(1 + 3 + (1 + 3 + 2))
  expect(itemBytes({ m: { M: { l: { L: [{ BOOL: true }] } } } })).toBe(1 + 3 + (1 + 1 + 3 + (1 + 1)))
})

it('counts the elements of a set', () => {
  expect(itemBytes({ s: { SS: ['a', 'bc'] } })).toBe(1 + 3)
  expect(itemBytes({ n: { NS: ['1', '123'] } })).toBe(1 + 2 + 3)
  expect(itemBytes({ b: { BS: ['AQI=', 'AQ=='] } })).toBe(1 + 3)
})

it('a log entry, counted by hand', () => {
  const entry = {
    pk: { S: 'u#ann' },
    sk: { N: '42' },
    event: { S: '{"id":"e-1"}' },
    ttl: { N: '1792592000' },
  }
  expect(itemBytes(entry)).toBe(2 + 5 + (2 + 2) + (5 + 12) + (3 + 5))
})

it('refuses what is no attribute value', () => {
  expect(() => itemBytes({ a: 'text' })).toThrow(
    '"text" is no DynamoDB attribute value: it must have one of S, N, B',
  )
  expect(() => itemBytes({ a: { X: 1 } })).toThrow('{"X":1} is no DynamoDB attribute value')
})
