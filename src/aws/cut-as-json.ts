import { utf8Bytes } from '../core/json-text.ts'

/**
 * The longest beginning of a text that takes at most so many bytes in a JSON string, its quotes left out. No character is
 * cut in half.
 */
export function cutAsJson(text: string, bytes: number): string {
  if (jsonBytes(text) <= bytes) return text
  let left = bytes
  let end = 0
  for (const character of text) {
    left -= jsonBytes(character)
    if (left < 0) break
    end += character.length
  }
  return text.slice(0, end)
}

function jsonBytes(text: string): number {
  return utf8Bytes(JSON.stringify(text)) - 2
}
