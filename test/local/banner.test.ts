import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SECRET } from '../e2e/deployment.ts'
import { folderForTest, root, ServerProcess } from '../e2e/server-process.ts'

const commandsIn = (banner: string): string[] =>
  banner.split('\n').filter((line) => line.includes(' fanout -- '))

/** A command line pasted into bash, and what it starts ended with the test. */
function paste(command: string): ChildProcessByStdio<null, Readable, Readable> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn('bash', ['-c', command], {
    cwd: root,
    env: { PATH, HOME },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  })
  return child
}

function lines(stream: Readable): AsyncIterator<string, undefined> {
  return createInterface({ input: stream })[Symbol.asyncIterator]()
}

describe('the banner', () => {
  it.each([
    ['by default', {}],
    ['with an issuer and an audience', { JWT_ISSUER: 'https://me.example', JWT_AUDIENCE: 'the audience' }],
  ])('has three commands that work when pasted, %s', async (_, environment) => {
    const DATA_DIR = join(folderForTest('fanout test’s folder "of" $HOME '), "it's here")
    const server = await ServerProcess.forTest({ DATA_DIR, ...environment })
    const [tailTrainer = '', tailStudent = '', emit = '', ...rest] = commandsIn(await server.banner())
    expect(rest).toEqual([])

    const tails = [paste(tailTrainer), paste(tailStudent)]
    const printed = tails.map(({ stdout }) => lines(stdout))
    for (const { stderr } of tails) {
      expect((await lines(stderr).next()).value).toBe(`fanout: connected to ${server.wsUrl}`)
    }
    const answer = JSON.parse((await lines(paste(emit).stdout).next()).value ?? '') as {
      id: string
      recipients: { userId: string; offset: number }[]
    }
    expect(answer.recipients.map(({ userId }) => userId)).toEqual(['trainer-1', 'student-1'])
    for (const [i, line] of printed.entries()) {
      expect(JSON.parse((await line.next()).value ?? '')).toEqual({
        offset: answer.recipients[i]!.offset,
        event: {
          type: 'SESSION_COMPLETED',
          timestamp: expect.any(Number) as number,
          sessionId: 's-1',
          trainerId: 'trainer-1',
          studentId: 'student-1',
          id: answer.id,
        },
      })
    }
  })

  it('never shows a secret that was configured', async () => {
    const server = await ServerProcess.forTest({ JWT_SECRET: SECRET })
    const banner = await server.banner()
    expect(banner).not.toContain(SECRET)
    for (const command of commandsIn(banner))
      expect(command).toMatch(/^ {2}JWT_SECRET=… npm run -s fanout -- /)
  })
})
