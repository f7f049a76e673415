/**
 * SIGKILL cannot show it, since what a process has written survives the process: whether an event is on the disk, and
 * not merely in the kernel's memory, before anybody is told of it. The system calls can.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { issueToken } from '../../src/auth/issue-token.ts'
import { HttpClient } from './http-client.ts'
import { SECRET, ServerProcess } from './server-process.ts'
import { descriptorOf, fileOf, parseTrace, type SystemCall } from './system-calls.ts'

const CALLS =
  'openat,pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg,fsync,fdatasync,msync,sync_file_range'

function strace(output: string): string[] {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' })
  } catch {
    throw new Error('this test needs strace, which is not installed: "apt-get install strace"')
  }
  // `-D`: the server stays the child of the test, and strace watches from outside.
  return [
    'strace',
    '-D',
    '-f',
    '-y',
    '-s',
    '1000000',
    '-e',
    `trace=${CALLS}`,
    '-e',
    'signal=none',
    '-o',
    output,
  ]
}

/** One after the other, and then so many at once that they share transactions. */
const ALONE = ['alone-0', 'alone-1', 'alone-2', 'alone-3', 'alone-4']
const TOGETHER = Array.from({ length: 20 }, (_, i) => `together-${i}`)
const EVENTS = [...ALONE, ...TOGETHER].map((name) => `<${name}>`)

/** Serves, with one socket open, until every event is published and pushed. */
async function traceOfServer(folder: string): Promise<string> {
  const output = join(folder, 'trace')
  const server = await ServerProcess.start({ dataDir: join(folder, 'data'), under: strace(output) })
  try {
    const token = await issueToken(SECRET, { userId: 'ann', expiresIn: 600, scope: 'events:publish' })
    const socket = new WebSocket(server.wsUrl, { headers: { authorization: `Bearer ${token}` } })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    let pushes = 0
    socket.on('message', () => pushes++)
    const client = new HttpClient(server.httpUrl, token)
    const publish = async (id: string): Promise<void> => {
      const event = { type: 'FLUSH_ORDER', id, trainerId: 'ann', studentId: 'bob' }
      const { status } = await client.call('POST', '/api/v1/events', JSON.stringify(event))
      expect(status).toBe(200)
    }
    for (const id of EVENTS.slice(0, ALONE.length)) await publish(id)
    await Promise.all(EVENTS.slice(ALONE.length).map(publish))
    while (pushes < EVENTS.length) await pause(10)
    socket.terminate()
    client.close()
  } finally {
    await server.stop()
  }
  return wholeTrace(output, server.pid)
}

/** strace outlives the server by a moment. */
async function wholeTrace(output: string, pid: number): Promise<string> {
  for (;;) {
    const trace = readFileSync(output, 'utf8')
    if (new RegExp(`^${pid} .*\\+\\+\\+ exited`, 'm').test(trace)) return trace
    await pause(20)
  }
}

describe('the order of system calls', () => {
  const folder = mkdtempSync(join(tmpdir(), 'event-fanout-flush-'))
  let calls: SystemCall[] = []
  beforeAll(async () => {
    calls = parseTrace(await traceOfServer(folder))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const isJournal = (call: SystemCall): boolean => /\/journal-[01]$/.test(fileOf(call))
  const isWrite = ({ name }: SystemCall): boolean => name.includes('write') || name.startsWith('send')
  const isSocket = (call: SystemCall): boolean => isWrite(call) && fileOf(call).startsWith('socket:')

  const first = (what: string, fits: (call: SystemCall) => boolean): SystemCall => {
    const found = calls.find(fits)
    if (found === undefined) throw new Error(`the trace has no ${what}`)
    return found
  }

  it.each(EVENTS)('for %s is: record, flush; then push; then answer', (id) => {
    const quoted = `\\"id\\":\\"${id}\\"`
    const record = first(
      'record with the event',
      (call) => isWrite(call) && isJournal(call) && call.args.includes(quoted),
    )
    const flush = first(
      'flush after it',
      (call) =>
        call.name === 'fdatasync' && descriptorOf(call) === descriptorOf(record) && call.began > record.ended,
    )
    expect(flush.result).toBe('0')
    const told = first('word of it', (call) => isSocket(call) && call.args.includes(quoted))
    expect(told.began).toBeGreaterThan(flush.ended)
    const push = first(
      'push',
      (call) => isSocket(call) && call.args.includes(`\\"event\\":{\\"type\\":\\"FLUSH_ORDER\\",${quoted}`),
    )
    const answer = first(
      'answer',
      (call) => isSocket(call) && call.args.includes('HTTP/1.1 200') && call.args.includes(quoted),
    )
    expect(push.began).toBeGreaterThan(flush.ended)
    expect(answer.began).toBeGreaterThan(push.ended)
  })

  /** LMDB's first two pages: which of them is newer decides which transactions count, for readers as after a crash. */
  const isMeta = (call: SystemCall): boolean =>
    call.name === 'pwrite64' &&
    fileOf(call).endsWith('/events.mdb') &&
    Number(/(\d+)$/.exec(call.args)?.[1]) < 2 * 4096

  it('brings all of it into the database: pages, flush, and the meta page on a descriptor that flushes', () => {
    const synced = calls
      .filter(({ name, args }) => name === 'openat' && args.includes('/events.mdb"') && /O_D?SYNC/.test(args))
      .map(({ result }) => parseInt(result, 10))
    for (const id of EVENTS) {
      const isPage = (call: SystemCall): boolean =>
        isWrite(call) && fileOf(call).endsWith('/events.mdb') && call.args.includes(`\\"id\\":\\"${id}\\"`)
      const page = first(`page with ${id}`, isPage)
      const flush = first(
        'flush after it',
        (call) =>
          call.name === 'fdatasync' && fileOf(call).endsWith('/events.mdb') && call.began > page.ended,
      )
      const commit = first('meta page after it', (call) => isMeta(call) && call.began > page.began)
      expect(commit.began).toBeGreaterThan(flush.ended)
      expect(synced).toContain(descriptorOf(commit))
    }
  })
})

describe('the reading of a trace', () => {
  it('puts together what was interrupted by other threads', () => {
    const calls = parseTrace(
      [
        '10  pwrite64(20</d/events.mdb>, "a) = 1\\"", 7, 0) = 7',
        '11  fdatasync(20</d/events.mdb> <unfinished ...>',
        '10  writev(25<socket:[7]>, [{iov_base="x", iov_len=1}], 1 <unfinished ...>',
        '11  <... fdatasync resumed>)           = 0',
        '10  <... writev resumed>)              = 1',
        '10  write(25<socket:[7]>, "y", 1) = -1 EAGAIN (Resource temporarily unavailable)',
        '10  +++ exited with 0 +++',
      ].join('\n'),
    )
    expect(calls.map(({ name, result, began, ended }) => [name, result, began, ended])).toEqual([
      ['pwrite64', '7', 0, 0],
      ['fdatasync', '0', 1, 3],
      ['writev', '1', 2, 4],
      ['write', '-1 EAGAIN (Resource temporarily unavailable)', 5, 5],
    ])
    expect(calls.map(fileOf)).toEqual(['/d/events.mdb', '/d/events.mdb', 'socket:[7]', 'socket:[7]'])
    expect(descriptorOf(calls[0]!)).toBe(20)
  })
})
