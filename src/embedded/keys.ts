import { isId } from '../core/ids.ts'

/** What a record is: the first byte of its key. Never reuse a number: folders on disk have it. */
export const KINDS = {
  head: 1,
  entry: 2,
  receipt: 3,
  device: 4,
  health: 5,
  refusal: 6,
  revocation: 7,
} as const
export type Kind = (typeof KINDS)[keyof typeof KINDS]

const OFFSET_BYTES = 8
const HIGHEST_OFFSET = Buffer.alloc(OFFSET_BYTES, 0xff)

/**
 * A kind and an id as bytes. The id's length comes before it: an id may hold any character, NUL included, and begin
 * with another whole id, so no separator could keep two users' records apart.
 *
 * @throws RangeError for what is no id: as a key it would fail inside a commit, or collide with another
 */
function idKey(kind: Kind, id: string): Buffer {
  if (!isId(id)) throw new RangeError('an id to store is well-formed, not empty, and of bounded length')
  const bytes = Buffer.from(id, 'utf8')
  const prefix = Buffer.from([kind, bytes.length >> 8, bytes.length & 0xff])
  return Buffer.concat([prefix, bytes])
}

export const headKey = (userId: string): Buffer => idKey(KINDS.head, userId)
export const receiptKey = (eventId: string): Buffer => idKey(KINDS.receipt, eventId)
export const refusalKey = (eventId: string): Buffer => idKey(KINDS.refusal, eventId)
export const revocationKey = (userId: string): Buffer => idKey(KINDS.revocation, userId)
export const healthKey = Buffer.from([KINDS.health])

/** Entries of one user lie side by side, in the order of their offsets. */
export function entryKey(userId: string, offset: number): Buffer {
  const suffix = Buffer.alloc(OFFSET_BYTES)
  suffix.writeBigUInt64BE(BigInt(offset))
  return Buffer.concat([idKey(KINDS.entry, userId), suffix])
}

export function offsetOf(entry: Buffer): number {
  return Number(entry.readBigUInt64BE(entry.length - OFFSET_BYTES))
}

/** Above every entry of the user whose entry this is, and below the next user's. */
export function afterLogOf(entry: Buffer): Buffer {
  return after(Buffer.concat([entry.subarray(0, -OFFSET_BYTES), HIGHEST_OFFSET]))
}

/** Devices of one user lie side by side. */
export function deviceKey(userId: string, device: string): Buffer {
  if (!isId(device)) throw new RangeError('a device to store has a name that is an id')
  return Buffer.concat([idKey(KINDS.device, userId), Buffer.from(device, 'utf8')])
}

export function devicesRange(userId: string): { readonly start: Buffer; readonly end: Buffer } {
  const start = idKey(KINDS.device, userId)
  // No text in UTF-8 has this byte.
  return { start, end: Buffer.concat([start, Buffer.from([0xff])]) }
}

/** The next key there can be. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.from([0])])
}

/** Where the records of a kind begin, and the next kind's. */
export function kindRange(kind: Kind): { readonly start: Buffer; readonly end: Buffer } {
  return { start: Buffer.from([kind]), end: Buffer.from([kind + 1]) }
}
