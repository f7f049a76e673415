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
const OPEN_ARRAY = 0x5b
const OPEN_OBJECT = 0x7b
const CLOSE_ARRAY = 0x5d
const CLOSE_OBJECT = 0x7d

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
    else if (char === OPEN_OBJECT || char === OPEN_ARRAY) deepest = Math.max(deepest, ++depth)
    else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) depth--
  }
  return { depth: deepest, keys, elements: elementsBetween(text.trim(), text, cuts) }
}

/** The quote that ends the string that starts here: the first one before which stands an even number of backslashes. */
function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1)
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1)
  return at
}

function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1
  while (text.charCodeAt(at) === BACKSLASH) at--
  return (quote - at) % 2 === 0
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

/** Whether a text has more bytes than that in UTF-8. A UTF-16 unit takes at most three, so a short text need not be encoded. */
export function exceedsBytes(text: string, limit: number): boolean {
  return text.length * 3 > limit && utf8Bytes(text) > limit
}
