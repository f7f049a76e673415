import type { Writable } from 'node:stream'
import type { DestinationStream } from 'pino'

/** What waits for a reader that is slow, in bytes of memory. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024

/** How long the end of the process waits for that reader, in milliseconds. */
const LAST_LINES_MS = 1000

/**
 * Lines of a log for whoever reads a stream. Whether they are read is nothing that the process depends on: what a reader leaves lying
 * waits in memory, up to a limit, then lines are dropped and their number told; once it is gone, all are.
 *
 * pino's own destination stops the whole process while its reader does, and once the reader is gone with lines unread, spins for ever
 * when the process ends (`flushSync` of sonic-boom 4.2.1 tries EPIPE again).
 */
export class LogLines implements DestinationStream {
  readonly #stream: Writable
  readonly #mostWaiting: number
  #dropped = 0

  constructor(stream: Writable, mostWaiting = MOST_WAITING_BYTES) {
    this.#stream = stream
    this.#mostWaiting = mostWaiting
    stream.on('error', () => undefined)
  }

  write(line: string): void {
    if (this.#stream.writableLength > this.#mostWaiting) {
      this.#dropped++
      return
    }
    if (this.#dropped > 0) {
      const dropped = this.#dropped
      this.#dropped = 0
      const time = new Date().toISOString()
      const msg = 'lines of the log were dropped, since nobody read it'
      this.#stream.write(`${JSON.stringify({ level: 'warn', time, dropped, msg })}\n`)
    }
    this.#stream.write(line)
  }

  /** Resolves when everything is read, or cannot be, or not soon. */
  async end(withinMs = LAST_LINES_MS): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      new Promise<void>((resolve) => this.#stream.write('', () => { resolve(); })),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs))),
    ])
    clearTimeout(timer)
  }
}
