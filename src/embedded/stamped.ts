/** A record that expires: the time that its age counts from, then its text. The sweep reads only the time. */

const STAMP_BYTES = 8

export function stamped(at: number, text: string): Buffer {
  const record = Buffer.allocUnsafe(STAMP_BYTES + Buffer.byteLength(text))
  record.writeDoubleBE(at)
  record.write(text, STAMP_BYTES, 'utf8')
  return record
}

export function stampOf(record: Buffer): number {
  return record.readDoubleBE()
}

export function textOf(record: Buffer): string {
  return record.toString('utf8', STAMP_BYTES)
}

/** What is stamped at or after this time is kept. */
export function keptSince(now: number, lifeMs: number): number {
  return now - lifeMs
}
