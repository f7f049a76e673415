import { write, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DestinationStream } from 'pino'

/** What waits for a reader that is slow, in characters. */
const MOST_WAITING = 4 * 1024 * 1024

/** How often a pipe that is full is tried again, and whether all is written looked at, in milliseconds. */
const RETRY_MS = 20
const POLL_MS = 5

/** The end of the process waits for so long for a reader that takes nothing, in milliseconds; and for one that does, at most. */
const LAST_LINES_MS = 1000
const LAST_LINES_AT_MOST_MS = 10_000

/** A write that takes longer than this waits for whoever reads, and might for ever. */
const STUCK_MS = 200

export interface LogLinesOptions {
  /** One on which a write does not wait. @default stdout */
  readonly fd?: number
  readonly mostWaiting?: number
}

/**
 * Lines of a log for whoever reads a file descriptor, which may be a file, a pipe or a terminal. Whether they are read is nothing that
 * the process depends on: they are written beside it, wait in memory up to a limit, then are dropped and their number told; once the
 * reader is gone, all are.
 *
 * pino's own destination keeps all that is not read in memory, and when the process ends tries for ever to write it (`flushSync` of
 * sonic-boom 4.2.1 takes EPIPE for something that passes).
 */
export class LogLines implements DestinationStream {
  readonly #fd: number
  readonly #mostWaiting: number
  #lines: string[] = []
  #length = 0
  /** What was taken out of the lines, and is not written yet. */
  #chunk: Buffer = Buffer.alloc(0)
  #isWriting = false
  /** When the reader last took something, or was given something to take. */
  #lastTaken = 0
  #isGone = false
  #dropped = 0

  constructor({ fd = stdout(), mostWaiting = MOST_WAITING }: LogLinesOptions = {}) {
    this.#fd = fd
    this.#mostWaiting = mostWaiting
    process.once('exit', () => {
      this.#writeRest()
    })
  }

  write(line: string): void {
    if (this.#isGone) return
    if (this.#length >= this.#mostWaiting) {
      this.#dropped++
      return
    }
    const isFirst = this.#isEmpty
    this.#lines.push(line)
    this.#length += line.length
    if (!isFirst) return
    this.#lastTaken = performance.now()
    this.#writeNext()
  }

  /** Resolves when everything is written, or the reader is gone, or takes nothing any more. */
  async end(patienceMs = LAST_LINES_MS): Promise<void> {
    const until = performance.now() + LAST_LINES_AT_MOST_MS
    const isHopeless = (): boolean => {
      const now = performance.now()
      return now >= until || now - this.#lastTaken >= patienceMs
    }
    while (!this.#isEmpty && !isHopeless()) await sleep(POLL_MS)
  }

  get #isEmpty(): boolean {
    return this.#chunk.length === 0 && this.#lines.length === 0
  }

  #writeNext(): void {
    if (this.#chunk.length === 0) this.#chunk = this.#takeLines()
    if (this.#chunk.length === 0) return
    this.#isWriting = true
    write(this.#fd, this.#chunk, (error, count) => {
      this.#isWriting = false
      if (error?.code === 'EAGAIN') {
        setTimeout(() => {
          this.#writeNext()
        }, RETRY_MS)
        return
      }
      if (error === null) this.#took(count)
      else this.#failed(error)
      this.#writeNext()
    })
  }

  #took(count: number): void {
    this.#lastTaken = performance.now()
    this.#chunk = this.#chunk.subarray(count)
  }

  /** A disk that is full may have room for what comes later; who is gone does not come back. */
  #failed({ code }: NodeJS.ErrnoException): void {
    this.#chunk = Buffer.alloc(0)
    this.#isGone = code === 'EPIPE' || code === 'EBADF'
    if (this.#isGone) this.#lines = []
  }

  #takeLines(): Buffer {
    if (this.#dropped > 0) this.#lines.push(this.#note())
    const lines = this.#lines.join('')
    this.#lines = []
    this.#length = 0
    return Buffer.from(lines)
  }

  #note(): string {
    const msg = 'lines of the log were dropped, since nobody read them in time'
    const note = { level: 'warn', time: new Date().toISOString(), dropped: this.#dropped, msg }
    this.#dropped = 0
    return `${JSON.stringify(note)}\n`
  }

  /** An error that nobody caught ends the process at once: what was logged last says why. */
  #writeRest(): void {
    const isStuck = !this.#isEmpty && performance.now() - this.#lastTaken >= STUCK_MS
    if (this.#isGone || isStuck) return
    // What is being written is written by a thread of its own, which does not need this one.
    const rest = this.#isWriting ? this.#takeLines() : Buffer.concat([this.#chunk, this.#takeLines()])
    try {
      for (let done = 0; done < rest.length;) done += writeSync(this.#fd, rest, done)
    } catch {
      // The reader is slow, or gone; nothing waits for it.
    }
  }
}

/**
 * A write to a pipe or a terminal would wait for whoever reads, and the end of the process for the thread that waits. A file has no such
 * handle, and no reader that could stop.
 */
function stdout(): number {
  const { _handle: handle } = process.stdout as { _handle?: { setBlocking?: (on: boolean) => void } }
  handle?.setBlocking?.(false)
  return process.stdout.fd
}
