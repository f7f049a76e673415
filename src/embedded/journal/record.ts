import { crc32 } from 'node:zlib'
import type { Change } from '../store.ts'

/**
 * What one commit writes into the journal. Big-endian:
 *
 *     magic 4, checksum 4, length of the rest 4, | sequence 8, number of changes 4, changes
 *     a change: length of the key 2, kind 1, key, and by the kind
 *       PUT     length of the value 4, value
 *       SAME    number 4 of an earlier change of this record that has the same value
 *       REMOVE  nothing
 *
 * Each begins at a multiple of a page, so that none is written into the page, or the sector, of another.
 *
 * The checksum (CRC-32) is over all that follows it. A record that a crash cut short, or that lies there from earlier use of the
 * file, does not fit its checksum or is not the next in sequence.
 */
export interface JournalRecord {
  /** Commits are counted, those that failed too. */
  readonly sequence: number
  readonly changes: readonly Change[]
}

const PAGE_BYTES = 4096
const MAGIC = 0x66616e31
const CHECKED_FROM = 8
const HEAD_BYTES = 12
const COUNTS_BYTES = 12

const PUT = 1
const SAME = 2
const REMOVE = 3

/** A change's part that has a size of its own, before the key and the value. */
const CHANGE_BYTES = 3
const NUMBER_BYTES = 4

interface Planned {
  readonly change: Change
  /** The number of the change whose value this one has as well. */
  readonly same: number | undefined
}

export function encodeRecord({ sequence, changes }: JournalRecord): Buffer {
  const planned = plan(changes)
  const length = planned.reduce((sum, one) => sum + sizeOf(one), COUNTS_BYTES)
  const record = Buffer.allocUnsafe(HEAD_BYTES + length)
  record.writeUInt32BE(MAGIC, 0)
  record.writeUInt32BE(length, 8)
  record.writeDoubleBE(sequence, HEAD_BYTES)
  record.writeUInt32BE(changes.length, HEAD_BYTES + 8)
  let at = HEAD_BYTES + COUNTS_BYTES
  for (const one of planned) at = writeChange(record, at, one)
  record.writeUInt32BE(crc32(record.subarray(CHECKED_FROM)), 4)
  return record
}

/** An event's text is one value, however many logs it goes into. */
function plan(changes: readonly Change[]): Planned[] {
  const first = new Map<Buffer, number>()
  return changes.map((change, number) => {
    const { value } = change
    if (value === undefined) return { change, same: undefined }
    const same = first.get(value)
    if (same === undefined) first.set(value, number)
    return { change, same }
  })
}

function sizeOf({ change: { key, value }, same }: Planned): number {
  const fixed = CHANGE_BYTES + key.length
  if (value === undefined) return fixed
  return fixed + NUMBER_BYTES + (same === undefined ? value.length : 0)
}

function writeChange(record: Buffer, start: number, { change: { key, value }, same }: Planned): number {
  record.writeUInt16BE(key.length, start)
  record[start + 2] = value === undefined ? REMOVE : same === undefined ? PUT : SAME
  const at = start + CHANGE_BYTES
  record.set(key, at)
  const end = at + key.length
  if (value === undefined) return end
  record.writeUInt32BE(same ?? value.length, end)
  if (same !== undefined) return end + NUMBER_BYTES
  record.set(value, end + NUMBER_BYTES)
  return end + NUMBER_BYTES + value.length
}

/** Where the record after one that ends there begins. */
export function nextStart(end: number): number {
  return Math.ceil(end / PAGE_BYTES) * PAGE_BYTES
}

/** The record that begins at a place, and where it ends; undefined if there is none that is whole. */
export function decodeRecord(
  bytes: Buffer,
  start: number,
): { readonly record: JournalRecord; readonly end: number } | undefined {
  if (bytes.length < start + HEAD_BYTES + COUNTS_BYTES) return undefined
  if (bytes.readUInt32BE(start) !== MAGIC) return undefined
  const end = start + HEAD_BYTES + bytes.readUInt32BE(start + 8)
  if (end < start + HEAD_BYTES + COUNTS_BYTES || end > bytes.length) return undefined
  if (crc32(bytes.subarray(start + CHECKED_FROM, end)) !== bytes.readUInt32BE(start + 4)) return undefined
  const sequence = bytes.readDoubleBE(start + HEAD_BYTES)
  const count = bytes.readUInt32BE(start + HEAD_BYTES + 8)
  return {
    record: { sequence, changes: readChanges(bytes, start + HEAD_BYTES + COUNTS_BYTES, count) },
    end,
  }
}

/** The records from the beginning, up to where there is none that is whole, or one that is left from an earlier use. */
export function recordsIn(bytes: Buffer): JournalRecord[] {
  const records: JournalRecord[] = []
  const at = (start: number) => decodeRecord(bytes, start)
  for (let found = at(0); found !== undefined; found = at(nextStart(found.end))) {
    const last = records.at(-1)
    if (last !== undefined && found.record.sequence !== last.sequence + 1) break
    records.push(found.record)
  }
  return records
}

/** What fits its checksum was written by `encodeRecord`, so lengths are not doubted any more. */
function readChanges(bytes: Buffer, start: number, count: number): Change[] {
  const changes: Change[] = []
  for (let at = start; changes.length < count;) {
    const keyEnd = at + CHANGE_BYTES + bytes.readUInt16BE(at)
    const kind = bytes[at + 2]
    const key = bytes.subarray(at + CHANGE_BYTES, keyEnd)
    const number = kind === REMOVE ? 0 : bytes.readUInt32BE(keyEnd)
    const valueAt = keyEnd + (kind === REMOVE ? 0 : NUMBER_BYTES)
    at = kind === PUT ? valueAt + number : valueAt
    if (kind === PUT) changes.push({ key, value: bytes.subarray(valueAt, at) })
    else changes.push({ key, value: kind === SAME ? changes[number]?.value : undefined })
  }
  return changes
}
