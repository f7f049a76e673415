/** What `JSON.parse` does not tell about a text: how deep it is, how many keys it has, where the parts of an array are. */
export interface JsonSurvey {
  readonly depth: number
  /** How often a key is written, repeated ones counted each time. */
  readonly keys: number
  /** The texts of the elements, if the whole is an array. */
  readonly elements: readonly string[]
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN = new Set([0x5b, 0x7b])
const CLOSE = new Set([0x5d, 0x7d])

/** One pass over a text that `JSON.parse` has accepted. */
export function surveyJson(text: string): JsonSurvey {
  let depth = 0
  let deepest = 0
  let keys = 0
  const cuts: number[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) at = endOfString(text, at)
    else if (char === COLON) keys++
    else if (char === COMMA && depth === 1) cuts.push(at)
    else if (OPEN.has(char)) deepest = Math.max(deepest, ++depth)
    else if (CLOSE.has(char)) depth--
  }
  return { depth: deepest, keys, elements: elementsBetween(text.trim(), text, cuts) }
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  for (; text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++
  return at
}

function elementsBetween(trimmed: string, text: string, cuts: readonly number[]): string[] {
  if (!trimmed.startsWith('[')) return []
  const start = text.indexOf('[') + 1
  const end = text.lastIndexOf(']')
  if (text.slice(start, end).trim() === '') return []
  const bounds = [start - 1, ...cuts, end]
  return bounds.slice(1).map((bound, i) => text.slice((bounds[i] ?? 0) + 1, bound).trim())
}

/** How many keys a parsed value has, on all levels. Fewer than the text has: some key was repeated. */
export function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Object.values(value).reduce<number>((sum, part) => sum + countKeys(part), 0)
  return Array.isArray(value) ? inner : inner + Object.keys(value).length
}

const encoder = new TextEncoder()

/** Bytes of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).length
}
