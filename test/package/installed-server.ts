import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { Project } from './npm.ts'

const SECRET = 'a secret of at least thirty-two bytes'

/** What a session needs: the addresses, and a token for each side. */
export type SessionEnvironment = Readonly<Record<'WS_URL' | 'HTTP_URL' | 'READER' | 'PUBLISHER', string>>

/** Starts the server that is installed in a project, on free ports, until the test is over. */
export async function installedServer(project: Project): Promise<SessionEnvironment> {
  const main = project.path('node_modules/event-fanout/dist/src/local/main.js')
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [main], {
    cwd: project.folder,
    env: { PATH, HOME, PORT: '0', WS_PORT: '0', JWT_SECRET: SECRET, DATA_DIR: project.path('.data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve()
    })
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, wsUrl, httpUrl } = JSON.parse(line) as Readonly<Record<string, unknown>>
    if (msg !== 'serving') continue
    child.stdout.resume()
    const [READER, PUBLISHER] = [
      await token(project, 'trainer-1'),
      await token(project, 'backend', 'events:publish'),
    ]
    return { WS_URL: String(wsUrl), HTTP_URL: String(httpUrl), READER, PUBLISHER }
  }
  throw new Error(`the installed server ended before it served: ${stderr}`)
}

/** By the installed command line. */
async function token(project: Project, user: string, scope?: string): Promise<string> {
  const command = project.path('node_modules/event-fanout/dist/src/cli/main.js')
  const args = [command, 'token', '--user', user, ...(scope === undefined ? [] : ['--scope', scope])]
  const { code, stdout, stderr } = await project.node(args, { JWT_SECRET: SECRET })
  if (code !== 0) throw new Error(stderr)
  return stdout.trim()
}
