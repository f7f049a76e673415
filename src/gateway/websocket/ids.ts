import { randomFillSync } from 'node:crypto'

const idBytes = 11
/** Randomness for many ids at once: asking for it costs more than all the rest of a message. */
const pool = Buffer.alloc(idBytes * 256)
let used = pool.length

/** An id as API Gateway makes them, for connections, requests and messages: 16 characters that end in `=`. Opaque. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const id = pool.toString('base64url', used, used + idBytes)
  used += idBytes
  return `${id}=`
}

/** Whether `id` could be a connection's: anything else is a bad request instead of a connection that is gone. */
export function isWellFormedId(id: string): boolean {
  return /^[\w-]{15}=$/.test(id)
}
