import { describe, expect, it } from 'vitest'
import { prefers } from '../../lambdas/shared/prefer.ts'

const asks = (header: string | undefined) => prefers(header, 'respond-async')

describe('the Prefer header', () => {
  it.each([
    'respond-async',
    'Respond-Async',
    ' respond-async ',
    'respond-async, wait=10',
    'wait=10,respond-async',
    'handling=lenient; x=1, respond-async; foo="a, b"',
    'foo="a \\" , x", respond-async',
    'respond-async=""',
    'respond-async = "" ; foo',
    'respond-async, respond-async=no',
    ',, respond-async',
  ])('asks for it: %s', (header) => {
    expect(asks(header)).toBe(true)
  })

  it.each([
    undefined,
    '',
    'wait=10',
    'respond-asynchronously',
    'respond-async=no',
    'respond-async="no"',
    'respond-async=no, respond-async',
    'foo="x, respond-async, y"',
    'foo="\\", respond-async"',
    'foo; respond-async',
    'foo=respond-async',
  ])('does not ask for it: %s', (header) => {
    expect(asks(header)).toBe(false)
  })
})
