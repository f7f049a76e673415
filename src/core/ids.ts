import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'
import { LIMITS } from './limits.ts'

/** SHA-256 of a text in UTF-8, in lower-case hex. */
export type Sha256 = (text: string) => string

/** Needs nothing of its surroundings, and takes five times as long as a native one, which whoever has one passes instead. */
const portableSha256: Sha256 = (text) => bytesToHex(sha256(utf8ToBytes(text)))

/** SHA-256 of the canonical JSON (RFC 8785) of a value, in lower-case hex. */
export function digestOf(value: unknown, hash: Sha256 = portableSha256): string {
  return hash(canonicalize(value) ?? '')
}

/**
 * Whether a string can name an event, a user or a device: not empty, at most 128 long, and well-formed Unicode,
 * since a lone surrogate has no UTF-8 form and two different ids would become the same key.
 */
export function isId(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length > 0 && value.length <= LIMITS.idLength && value.isWellFormed()
  )
}
