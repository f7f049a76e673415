import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LogLines } from '../../src/process/log-lines.ts'
import { createLogger } from '../../src/process/logger.ts'
import { removeFolder, temporaryFolder } from '../embedded/folders.ts'

const { O_NONBLOCK, O_RDONLY, O_WRONLY, O_CREAT } = constants
const NEVER = 60_000

const line = (n: number): string => `{"line":${n},"text":"${'é'.repeat(500)}"}\n`

describe('lines of the log', () => {
  let folder: string
  let open: number[]
  beforeEach(() => {
    folder = temporaryFolder()
    open = []
  })
  afterEach(() => {
    for (const fd of open) closeSync(fd)
    removeFolder(folder)
  })

  const opened = (name: string, flags: number): number => {
    const fd = openSync(join(folder, name), flags, 0o600)
    open.push(fd)
    return fd
  }

  /** Both ends of a pipe, neither of which waits for the other. */
  function pipe(): { reader: number; writer: number } {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const reader = opened('pipe', O_RDONLY | O_NONBLOCK)
    return { reader, writer: opened('pipe', O_WRONLY | O_NONBLOCK) }
  }

  function read(reader: number): string {
    const parts: Buffer[] = []
    for (;;) {
      const part = Buffer.alloc(65_536)
      try {
        const count = readSync(reader, part)
        if (count === 0) break
        parts.push(part.subarray(0, count))
      } catch {
        break
      }
    }
    return Buffer.concat(parts).toString('latin1')
  }

  async function readUntil(reader: number, what: string): Promise<string> {
    let got = ''
    await vi.waitFor(
      () => {
        got += read(reader)
        expect(got).toContain(what)
      },
      { timeout: NEVER, interval: 5 },
    )
    return Buffer.from(got, 'latin1').toString()
  }

  it('come into a file in order, all of them', async () => {
    const lines = new LogLines({ fd: opened('file', O_WRONLY | O_CREAT) })
    for (let n = 0; n < 2000; n++) {
      lines.write(line(n))
      if (n % 100 === 0) await nextTurn()
    }
    await lines.end()
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe(
      Array.from({ length: 2000 }, (_, n) => line(n)).join(''),
    )
  })

  it('wait for a slow reader up to a limit; then they are dropped, and their number is told, once', async () => {
    const { reader, writer } = pipe()
    const lines = new LogLines({ fd: writer, mostWaiting: 50_000 })
    for (let n = 0; n < 1000; n++) lines.write(line(n))
    const end = lines.end(NEVER).then(() => true)
    let text = ''
    while (!(await Promise.race([end, nextTurn(false)]))) text += read(reader)
    text += read(reader)
    const got = Buffer.from(text, 'latin1')
      .toString()
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one) as { line?: number; dropped?: number; level?: string })
    const kept = got.flatMap(({ line: number }) => number ?? [])
    const dropped = got.reduce((sum, { dropped: some = 0 }) => sum + some, 0)
    expect(dropped).toBeGreaterThan(0)
    expect(kept.length + dropped).toBe(1000)
    expect(kept).toEqual([...kept].sort((one, other) => one - other))
    expect(got.filter(({ level }) => level === 'warn')).not.toEqual([])

    lines.write(line(2000))
    expect(await readUntil(reader, '2000')).toBe(line(2000))
    await lines.end(NEVER)
  })

  it('are nothing that anything waits for once the reader is gone', async () => {
    const { reader, writer } = pipe()
    const lines = new LogLines({ fd: writer })
    const logger = createLogger('info', lines)
    logger.info('one')
    await readUntil(reader, 'one')
    closeSync(reader)
    open.shift()
    for (let n = 0; n < 1000; n++) logger.info({ n }, 'more')
    await lines.end(NEVER)
    logger.info('none')
    await lines.end(NEVER)
  })

  it('are waited for at the end while the reader takes some, and no longer', async () => {
    const { reader, writer } = pipe()
    const lines = new LogLines({ fd: writer })
    for (let n = 0; n < 1000; n++) lines.write(line(n))
    let ended = false
    const end = lines.end(NEVER).then(() => (ended = true))
    await nextTurn()
    expect(ended).toBe(false)
    expect(await readUntil(reader, '"line":999')).toContain(line(500))
    await end

    for (let n = 0; n < 1000; n++) lines.write(line(n))
    await lines.end(1)
    expect(read(reader).length, 'the rest was not waited for').toBeLessThan(line(0).length * 1000)
  })
})
