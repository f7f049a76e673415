import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { LogLines } from '../../src/process/log-lines.ts'
import { createLogger } from '../../src/process/logger.ts'

/** A stream whose reader takes a piece only when it is told to. */
class Reader extends Writable {
  readonly got: string[] = []
  #next: ((error?: Error) => void) | undefined

  override _write(piece: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (piece.length > 0) this.got.push(piece.toString())
    this.#next = done
  }

  read(): void {
    this.#taken()?.()
  }

  async readAll(): Promise<void> {
    while (this.writableLength > 0) {
      this.read()
      await new Promise(setImmediate)
    }
    this.read()
  }

  #taken(): ((error?: Error) => void) | undefined {
    const next = this.#next
    this.#next = undefined
    return next
  }

  die(): void {
    this.#taken()?.(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  }
}

const line = (n: number): string => `{"line":${n}}\n`

describe('lines of the log', () => {
  it('wait for a slow reader up to a limit; then they are dropped, and later their number is told', async () => {
    const reader = new Reader()
    const lines = new LogLines(reader, 100)
    for (let n = 1000; n < 1100; n++) lines.write(line(n))
    expect(reader.writableLength).toBeLessThanOrEqual(100 + line(1000).length)
    await reader.readAll()
    const kept = reader.got.length
    expect(reader.got).toEqual(Array.from({ length: kept }, (_, n) => line(1000 + n)))

    lines.write(line(2000))
    await reader.readAll()
    const [note = '', ...after] = reader.got.slice(kept)
    expect(JSON.parse(note)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
      dropped: 100 - kept,
      msg: 'lines of the log were dropped, since nobody read it',
    })
    expect(after).toEqual([line(2000)])
    lines.write(line(2001))
    await reader.readAll()
    expect(reader.got.at(-1), 'the number is told once').toBe(line(2001))
  })

  it('are nothing that anything waits for once the reader is gone', async () => {
    const reader = new Reader()
    const lines = new LogLines(reader)
    const logger = createLogger('info', lines)
    logger.info('one')
    reader.die()
    await new Promise(setImmediate)
    for (let n = 0; n < 1000; n++) logger.info({ n }, 'more')
    await lines.end(60_000)
    expect(reader.got).toHaveLength(1)
  })

  it('are waited for at the end, but not for long', async () => {
    const reader = new Reader()
    const lines = new LogLines(reader)
    lines.write(line(1))
    lines.write(line(2))
    let ended = false
    const end = lines.end(60_000).then(() => (ended = true))
    await new Promise(setImmediate)
    expect(ended).toBe(false)
    await reader.readAll()
    await reader.readAll()
    await end
    expect(reader.got).toEqual([line(1), line(2)])

    lines.write(line(3))
    await lines.end(1)
    expect(reader.writableLength, 'nobody read it').toBeGreaterThan(0)
  })
})
