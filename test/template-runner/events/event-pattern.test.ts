import { describe, expect, it } from 'vitest'
import { compileEventPattern } from '../../../src/template-runner/events/event-pattern.ts'

const event = {
  source: 'app.sessions',
  'detail-type': 'Session Completed',
  detail: { type: 'SESSION_COMPLETED', size: 5, tags: ['new', 'big'], nothing: null, inner: { deep: 'yes' } },
}

/** Source: EventBridge user guide, page eb-create-pattern-operators. */
describe('an event pattern', () => {
  it.each<[unknown, boolean]>([
    [{}, true],
    [{ source: ['app.sessions'] }, true],
    [{ source: ['other', 'app.sessions'] }, true],
    [{ source: ['other'] }, false],
    [{ source: ['app.sessions'], 'detail-type': ['Other'] }, false],
    [{ detail: { inner: { deep: ['yes'] } } }, true],
    [{ detail: { inner: { deep: ['no'] } } }, false],
    [{ detail: { missing: { deep: ['yes'] } } }, false],
    [{ detail: { size: [5] } }, true],
    [{ detail: { size: ['5'] } }, false],
    [{ detail: { nothing: [null] } }, true],
    [{ detail: { tags: ['big'] } }, true],
    [{ source: [{ prefix: 'app.' }] }, true],
    [{ source: [{ prefix: 'sessions' }] }, false],
    [{ source: [{ suffix: '.sessions' }] }, true],
    [{ source: [{ 'equals-ignore-case': 'APP.Sessions' }] }, true],
    [{ source: [{ wildcard: 'app.*ions' }] }, true],
    [{ detail: { type: [{ exists: true }] } }, true],
    [{ detail: { missing: [{ exists: true }] } }, false],
    [{ detail: { missing: [{ exists: false }] } }, true],
    [{ detail: { type: [{ exists: false }] } }, false],
    [{ source: [{ 'anything-but': 'other' }] }, true],
    [{ source: [{ 'anything-but': ['other', 'app.sessions'] }] }, false],
    [{ source: [{ 'anything-but': { prefix: 'app.' } }] }, false],
    [{ detail: { missing: [{ 'anything-but': 'x' }] } }, false],
    [{ detail: { size: [{ numeric: ['>', 0, '<=', 5] }] } }, true],
    [{ detail: { size: [{ numeric: ['<', 5] }] } }, false],
    [{ detail: { size: [{ numeric: ['=', 5] }] } }, true],
    [{ $or: [{ source: ['other'] }, { detail: { size: [5] } }] }, true],
    [{ $or: [{ source: ['other'] }, { detail: { size: [6] } }] }, false],
    [{ detail: { constructor: [{ exists: true }] } }, false],
  ])('%j: %s', (pattern, expected) => {
    expect(compileEventPattern(pattern, 'pattern')(event)).toBe(expected)
  })

  it.each<[unknown, string]>([
    [undefined, 'pattern is no object'],
    [{ source: 'app' }, 'pattern.source is neither a list nor an object'],
    [{ source: [{ cidr: '10.0.0.0/8' }] }, 'pattern.source: {"cidr":"10.0.0.0/8"} is not understood'],
    [{ source: [{ prefix: { 'equals-ignore-case': 'a' } }] }, 'is not understood'],
    [{ source: [{ numeric: ['!', 5] }] }, 'is not understood'],
    [{ source: [{ prefix: 'a', suffix: 'b' }] }, 'one operator at a time'],
  ])('%j is refused', (pattern, message) => {
    expect(() => compileEventPattern(pattern, 'pattern')).toThrow(message)
  })
})
