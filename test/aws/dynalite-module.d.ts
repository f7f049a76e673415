/** The part of dynalite that the tests use; the package has no types of its own. */
declare module 'dynalite' {
  import type { Server } from 'node:http'

  interface Options {
    /** How long a table is CREATING, in milliseconds. @default 500 */
    readonly createTableMs?: number
    /** How long a table is DELETING, in milliseconds. @default 500 */
    readonly deleteTableMs?: number
  }

  /** A server that is not listening yet; its tables are in memory. */
  export default function dynalite(options?: Options): Server
}
