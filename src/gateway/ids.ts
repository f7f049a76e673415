import { randomBytes } from 'node:crypto'

/** An id as API Gateway makes them, for connections, requests and messages: 16 characters that end in `=`. Opaque. */
export function newId(): string {
  return `${randomBytes(11).toString('base64url')}=`
}

/** Whether `id` could be a connection's: anything else is a bad request instead of a connection that is gone. */
export function isWellFormedId(id: string): boolean {
  return /^[\w-]{15}=$/.test(id)
}
