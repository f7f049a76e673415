import fc from 'fast-check'
import type { AcceptedEvent } from '../../src/core/event.ts'
import { digestOf } from '../../src/core/ids.ts'

/** An event as the core hands it to the log. Another `content` makes it another event of the same id. */
export function sampleEvent(id: string, userIds: readonly string[], content = 'a'): AcceptedEvent {
  return {
    id,
    type: 'SESSION_COMPLETED',
    text: JSON.stringify({ type: 'SESSION_COMPLETED', content, id }),
    digest: digestOf(content),
    recipients: userIds.map((userId) => ({ userId, field: 'recipientIds' })),
  }
}

/**
 * User ids that have broken key layouts before: one begins with another, they hold separators, NUL, bytes that look
 * like a length, characters of one to four bytes, and they are as long as ids may be.
 */
export const NASTY_IDS = [
  'a',
  'a\0',
  'a\0\0\0\0\0\0\0\0\u0001',
  'a\u0001',
  'a|b',
  'a#b',
  'a/b',
  'a:b',
  'ab',
  'A',
  '\0',
  '\0\u0001a',
  '\u007f',
  '\u00ff',
  '\uffff',
  '\ufeffa',
  'é',
  'e\u0301',
  '😀',
  '😀a',
  '__proto__',
  'constructor',
  ' ',
  'a'.repeat(128),
  'a'.repeat(127),
  '\uffff'.repeat(128),
  '😀'.repeat(64),
] as const

/** Any well-formed id, often over a small alphabet, so that prefixes and near misses come up. */
export const anyId = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\0', '\u0001', 'a', '|', '\u00ff', '\uffff', '😀'),
    minLength: 1,
    maxLength: 6,
  }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }),
  fc.constantFrom(...NASTY_IDS),
)
