import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupOf, jsonForQueue, plainForQueue } from '../../src/aws/sqs-text.ts'
import { anyId, NASTY_IDS } from '../contract/samples.ts'

/** By the API reference: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF. */
const TAKEN = /^[\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u
const REFUSED = ['\ufffe', '\uffff', '\ud800', '\udfff']

describe('a group', () => {
  it('is called by the id where SQS takes it', () => {
    for (const id of ['ann', 'auth0|5f7c', '!~', 'a'.repeat(128)]) expect(groupOf(id)).toBe(id)
  })

  it('has a name that SQS takes, and another for each id', () => {
    const names = NASTY_IDS.map(groupOf)
    expect(new Set(names).size).toBe(NASTY_IDS.length)
    fc.assert(
      fc.property(anyId, (id) => {
        expect(groupOf(id)).toMatch(/^[!-~]{1,128}$/)
      }),
    )
  })
})

describe('JSON for a queue', () => {
  it('is as it was, wherever that can be', () => {
    const text = '{ "größe" :\t"\u007f😀\ufffd",\r\n"n": 1.50 }'
    expect(jsonForQueue(text)).toBe(text)
  })

  it('means the same, in characters that SQS takes', () => {
    const string = fc.string({
      unit: fc.oneof(fc.constantFrom(...REFUSED, '"', '\\', 'a', '😀'), fc.string()),
    })
    fc.assert(
      fc.property(fc.dictionary(string, string), (value) => {
        // `JSON.stringify` escapes lone surrogates by itself; other writers do not.
        const text = JSON.stringify(value).replace(/\\u(d[89a-f]\w\w)/g, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        )
        expect(JSON.parse(jsonForQueue(text))).toEqual(JSON.parse(text))
        expect(jsonForQueue(text)).toMatch(TAKEN)
      }),
    )
  })
})

describe('a plain text for a queue', () => {
  it('has only what SQS takes, and no more than it may', () => {
    expect(plainForQueue('a\0b\ufffec\n', 100)).toBe('a\ufffdb\ufffdc\n')
    expect(plainForQueue('abc😀', 4)).toBe('abc\ufffd')
  })
})
