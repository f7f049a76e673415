import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WAYS, type Way } from './client.ts'
import { deployment } from './deployment.ts'
import { publish } from './http.ts'
import { tokenFor, unique } from './tokens.ts'

const target = deployment()

function argumentsFor(way: Way, token: string): string[] {
  const url = way === 'query' ? `${target.wsUrl}?token=${token}` : target.wsUrl
  // It asks once it is connected, and stays: the answer says that it is.
  const connect = ['-c', url, '-x', '{"action":"ping"}', '-w', '-1']
  if (way === 'header') return [...connect, '-H', `Authorization: Bearer ${token}`]
  return way === 'subprotocol' ? [...connect, '-s', 'fanout.v1', '-s', `bearer.${token}`] : connect
}

/** The real `wscat`; it ends when its stdin does, so that stays open. Off a terminal it prints frames alone. */
function wscat(way: Way, token: string): { child: ChildProcess; lines: AsyncIterator<string, undefined> } {
  const program = fileURLToPath(import.meta.resolve('wscat/bin/wscat'))
  const child = spawn(process.execPath, [program, ...argumentsFor(way, token)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

describe.each(WAYS)('wscat with the token as %s', (way) => {
  it('sees an event arrive, and may ask', async () => {
    const userId = unique('user')
    const { lines } = wscat(way, tokenFor(target, userId))
    expect(JSON.parse((await lines.next()).value ?? '')).toMatchObject({ type: 'pong' })

    const { id, recipients } = await publish(target, { type: 'SESSION_COMPLETED', timestamp: 1, userId })

    const { offset } = recipients[0]!
    expect((await lines.next()).value).toBe(
      `{"type":"event","offset":${offset},"event":{"type":"SESSION_COMPLETED","timestamp":1,"userId":"${userId}","id":"${id}"}}`,
    )
  })

  it('is told 401 for a bad token', async () => {
    const { child } = wscat(way, `${tokenFor(target, unique('user'))}x`)
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    await new Promise((resolve) => child.once('close', resolve))
    expect(stderr).toBe('error: Unexpected server response: 401\n')
  })
})
