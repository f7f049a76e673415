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
  journal: 8,
} as const
export type Kind = (typeof KINDS)[keyof typeof KINDS]

const OFFSET_BYTES = 8
const HIGHEST_OFFSET = Buffer.alloc(OFFSET_BYTES, 0xff)

/** Where an id begins, after the kind and its length. */
const ID_AT = 3

/**
 * A kind and an id as bytes, with room for more. The id's length comes before it: an id may hold any character, NUL included, and begin
 * with another whole id, so no separator could keep two users' records apart.
 *
 * @throws RangeError for what is no id: as a key it would fail inside a commit, or collide with another
 */
function idKey(kind: Kind, id: string, more = 0): Buffer {
  if (!isId(id)) throw new RangeError('an id to store is well-formed, not empty, and of bounded length')
  const length = Buffer.byteLength(id)
  const key = Buffer.allocUnsafe(ID_AT + length + more)
  key[0] = kind
  key.writeUInt16BE(length, 1)
  key.write(id, ID_AT)
  return key
}

export const headKey = (userId: string): Buffer => idKey(KINDS.head, userId)
export const receiptKey = (eventId: string): Buffer => idKey(KINDS.receipt, eventId)
export const refusalKey = (eventId: string): Buffer => idKey(KINDS.refusal, eventId)
export const revocationKey = (userId: string): Buffer => idKey(KINDS.revocation, userId)
export const healthKey = Buffer.from([KINDS.health])
/** How far the journal was brought into the database. */
export const journalKey = Buffer.from([KINDS.journal])

/** A string that is the same for the same bytes only, and has their order. */
export function nameOf(key: Buffer): string {
  return key.toString('latin1')
}

export function keyOf(name: string): Buffer {
  return Buffer.from(name, 'latin1')
}

/** Entries of one user lie side by side, in the order of their offsets. */
export function entryKey(userId: string, offset: number): Buffer {
  const key = idKey(KINDS.entry, userId, OFFSET_BYTES)
  // Halves of a number: a BigInt would take as long as all the rest.
  key.writeUInt32BE(Math.floor(offset / 2 ** 32), key.length - OFFSET_BYTES)
  key.writeUInt32BE(offset % 2 ** 32, key.length - OFFSET_BYTES / 2)
  return key
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

/** Of a device's key, or of a bound of its user's devices: what all devices of this user have in common. */
export function devicesName(key: Buffer): string | undefined {
  return key[0] === KINDS.device ? key.toString('latin1', 0, ID_AT + key.readUInt16BE(1)) : undefined
}

/** The next key there can be. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.from([0])])
}

/** Where the records of a kind begin, and the next kind's. */
export function kindRange(kind: Kind): { readonly start: Buffer; readonly end: Buffer } {
  return { start: Buffer.from([kind]), end: Buffer.from([kind + 1]) }
}
