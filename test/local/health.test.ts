/** A disk that fails makes `/health` say so, in a real server. Redis, when it is away, is in test/bridge/embedded.test.ts. */
import { spawn } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deploymentOf, SECRET } from '../e2e/deployment.ts'
import { post, publish, request } from '../e2e/http.ts'
import { ServerProcess } from '../e2e/server-process.ts'
import { unique } from '../e2e/tokens.ts'

interface Health {
  readonly status: string
  readonly parts: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>
}

async function healthOf(httpUrl: string): Promise<{ status: number; health: Health }> {
  const { status, json } = await request(`${httpUrl}/health`)
  return { status, health: json as Health }
}

/** Asks until the answer has this status: what ails a server is noticed when it is next used. */
async function healthWith(httpUrl: string, wanted: number): Promise<Health> {
  for (;;) {
    const { status, health } = await healthOf(httpUrl)
    if (status === wanted) return health
  }
}

function unwell({ parts }: Health): string[] {
  return Object.entries(parts).flatMap(([name, { status }]) => (status === 'ok' ? [] : [name]))
}

/** Makes a process's flushes fail, as a broken disk does. @returns what ends that */
async function breakDisk(pid: number): Promise<() => Promise<void>> {
  const strace = spawn('strace', ['-f', '-p', String(pid), '-e', 'inject=fdatasync:error=EIO'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) =>
    strace.once('close', () => {
      resolve()
    }),
  )
  onTestFinished(() => {
    strace.kill('SIGKILL')
  })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    strace.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('attached')) resolve()
    })
    strace.once('close', () => {
      reject(new Error(`strace ended: ${said}`))
    })
  })
  return async () => {
    strace.kill('SIGTERM')
    await ended
  }
}

describe('/health', () => {
  it('says that the log cannot be written, and that it can again', async () => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const target = deploymentOf(server)
    expect(unwell((await healthOf(target.httpUrl)).health)).toEqual([])

    const mend = await breakDisk(server.pid)
    const sick = await healthWith(target.httpUrl, 503)
    expect([sick.status, unwell(sick)]).toEqual(['failing', ['log']])
    // Nothing is acknowledged meanwhile.
    const event = { type: 'T', id: unique('event'), userId: unique('user') }
    expect((await post(target, event)).status).toBe(503)

    await mend()
    expect(unwell(await healthWith(target.httpUrl, 200))).toEqual([])
    expect((await publish(target, event)).duplicate).toBe(false)
  })
})
