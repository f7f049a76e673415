/** A quoted string, its content in the first group. RFC 9110, section 5.6.4. */
const QUOTED = /"((?:[^"\\]|\\.)*)"/g

/**
 * Whether a `Prefer` header (RFC 7240, section 2) asks for a preference that has no value, such as `respond-async`. Lines
 * of the header are joined by commas; names are compared without case; an empty value is none; parameters after `;`
 * mean nothing here; one with another value is some other preference, and those are ignored.
 */
export function prefers(header: string | undefined, name: string): boolean {
  // What is quoted may hold commas and semicolons. Whether it is empty is all that matters.
  const plain = (header ?? '').replace(QUOTED, (_, content: string) => (content === '' ? '' : 'quoted'))
  const preferences = plain.split(',').map((part) => (part.split(';')[0] ?? '').split('='))
  // Of repeated ones only the first counts.
  const first = preferences.find(([token = '']) => token.trim().toLowerCase() === name)
  return first?.slice(1).join('=').trim() === ''
}
