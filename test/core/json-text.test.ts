import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countKeys, surveyJson, utf8Bytes } from '../../src/core/json-text.ts'

const anyJson = fc.tuple(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }))

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('surveyJson', () => {
  it('finds the depth and the keys that the value has', () => {
    fc.assert(
      fc.property(anyJson, ([value, indent]) => {
        const text = JSON.stringify(value, undefined, indent)
        const parsed: unknown = JSON.parse(text)
        const { depth, keys } = surveyJson(text)
        expect({ depth, keys }).toEqual({ depth: depthOf(parsed), keys: countKeys(parsed) })
      }),
    )
  })

  it('cuts an array into the texts of its elements', () => {
    fc.assert(
      fc.property(fc.array(anyJson), (values) => {
        const texts = values.map(([value, indent]) => JSON.stringify(value, undefined, indent))
        expect(surveyJson(` [ ${texts.join(' , ')} ]\n`).elements).toEqual(texts)
      }),
    )
  })

  it.each([
    ['"a,b:[{}]"', 0, 0],
    ['{"a":":","b":"\\":\\\\","c":{"d":"}"}}', 2, 4],
    ['{"a":1,"a":1,"\\u0061":1}', 1, 3],
    ['["\\\\",":",{"":0}]', 2, 1],
    ['{}', 1, 0],
    ['7', 0, 0],
  ])('counts what is written in %s', (text, depth, keys) => {
    expect(surveyJson(text)).toMatchObject({ depth, keys })
  })

  it('has no elements for an object with arrays in it, nor for an empty array', () => {
    expect(surveyJson('{"a":[1,2]}').elements).toEqual([])
    expect(surveyJson(' [ \n ] ').elements).toEqual([])
    expect(surveyJson('[[],[1,[2,3]],",]"]').elements).toEqual(['[]', '[1,[2,3]]', '",]"'])
  })
})

describe('countKeys', () => {
  it('counts own keys on all levels, odd ones too', () => {
    expect(countKeys(JSON.parse('{"__proto__":{"a":1},"b":[{"c":{}},[{"constructor":null}]]}'))).toBe(5)
  })

  it('is less than was written where a key is repeated', () => {
    const text = '{"a":{"b":1},"a":2}'
    expect(surveyJson(text).keys - countKeys(JSON.parse(text))).toBe(2)
  })
})

describe('utf8Bytes', () => {
  it('is what Node counts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Bytes(text)).toBe(Buffer.byteLength(text, 'utf8'))
      }),
    )
  })
})
