const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** What came may hold anything, and a terminal obeys control characters, those of the writing direction as well. */
export function printable(text: string): string {
  return text.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same JSON: between tokens there is only blank space, and in strings the escapes mean what they stand for. */
export function printableJson(json: string): string {
  return printable(json.replace(/[\t\n\r]/g, ' '))
}
