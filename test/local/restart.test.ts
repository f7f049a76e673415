import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Client, handshake } from '../e2e/client.ts'
import { deploymentOf } from '../e2e/deployment.ts'
import { numbered, type Page, publish, recent } from '../e2e/http.ts'
import { folderForTest, ServerProcess } from '../e2e/server-process.ts'
import { tokenFor, unique } from '../e2e/tokens.ts'

const secretIn = (folder: string): string => readFileSync(join(folder, 'jwt-secret'), 'utf8').trim()

async function start(folder: string) {
  const server = await ServerProcess.forTest({ DATA_DIR: folder })
  return { server, target: deploymentOf(server, secretIn(folder)) }
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('after %s and a new start', (signal) => {
  it('events, offsets, receipts and secret are those of before', async () => {
    const folder = folderForTest()
    const userId = unique('user')
    const before = await start(folder)
    const token = tokenFor(before.target, userId)
    const first = await publish(before.target, numbered(userId, 1))
    const page = await recent(before.target, userId)
    expect(await before.server.stop(signal)).toEqual(
      signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal },
    )

    const after = await start(folder)
    expect(after.target.secret).toBe(before.target.secret)
    expect(await recent(after.target, userId)).toEqual(page)
    expect(await publish(after.target, numbered(userId, 1))).toEqual({ ...first, duplicate: true })
    const client = await Client.over(handshake(after.server.wsUrl, 'header', token))
    const { recipients } = await publish(after.target, numbered(userId, 2))
    expect(recipients[0]!.offset).toBe(page.head + 1)
    expect(await client.next()).toMatchObject({ type: 'event', offset: page.head + 1 })
    const resumed = await client.ask<Page>({ action: 'resume', after: page.head })
    expect(resumed.events.map(({ offset }) => offset)).toEqual([page.head + 1])
  })

  it('a client sees its socket end', async () => {
    const { server, target } = await start(folderForTest())
    const client = await Client.connect(target, unique('user'))
    server.signal(signal)
    expect((await client.closed).code).toBe(signal === 'SIGTERM' ? 1001 : 1006)
  })
})

describe('the data folder', () => {
  it('is refused to a second process, which says why', async () => {
    const { server, target } = await start(folderForTest())
    const second = ServerProcess.unawaited({ DATA_DIR: server.dataDir })
    expect(await second.exited).toEqual({ code: 2, signal: null })
    expect(second.stdout).toBe('')
    expect(second.stderr).toBe(
      `event-fanout: DATA_DIR is "${server.dataDir}"; the data folder ${server.dataDir} is in use by process ${server.pid}; stop that one, or use another folder\n`,
    )
    expect(await publish(target, numbered(unique('user'), 1))).toMatchObject({ duplicate: false })
  })

  it('is let go of when a port cannot be had', async () => {
    const { server } = await start(folderForTest())
    const folder = folderForTest()
    const port = new URL(server.httpUrl).port
    for (const variable of ['PORT', 'WS_PORT']) {
      const second = ServerProcess.unawaited({ DATA_DIR: folder, [variable]: port })
      expect(await second.exited).toEqual({ code: 2, signal: null })
      expect(second.stderr).toBe(
        `event-fanout: ${variable} is "${port}" and HOST is "127.0.0.1"; cannot listen there: listen EADDRINUSE: address already in use 127.0.0.1:${port}. Set another; port 0 is any free one\n`,
      )
    }
    await start(folder)
  })

  it('keeps its secret from others', async () => {
    const { server } = await start(folderForTest())
    const { mode } = statSync(join(server.dataDir, 'jwt-secret'))
    expect(mode & 0o777).toBe(0o600)
    expect(Buffer.byteLength(secretIn(server.dataDir))).toBeGreaterThanOrEqual(32)
    expect(server.stdout + server.stderr).not.toContain(secretIn(server.dataDir))
  })

  it.each(['', 'short\n'])(
    'with the damaged secret %j does not start, and says what to do',
    async (content) => {
      const folder = folderForTest()
      const file = join(folder, 'jwt-secret')
      writeFileSync(file, content)
      const server = ServerProcess.unawaited({ DATA_DIR: folder })
      expect(await server.exited).toEqual({ code: 2, signal: null })
      expect(server.stderr).toBe(
        `event-fanout: the secret in ${file} has ${content.trim().length} bytes; HS256 needs at least 32. Remove the file to have a new one made, or set JWT_SECRET\n`,
      )
    },
  )

  it('of another format does not start', async () => {
    const folder = folderForTest()
    writeFileSync(join(folder, 'format'), '99\n')
    const server = ServerProcess.unawaited({ DATA_DIR: folder })
    expect(await server.exited).toEqual({ code: 2, signal: null })
    expect(server.stderr).toMatch(
      /^event-fanout: DATA_DIR is .* has format "99", and .* reads only formats 1 and 2; .*\n$/,
    )
  })

  it('that cannot be made does not start', async () => {
    const file = join(folderForTest(), 'file')
    writeFileSync(file, '')
    const server = ServerProcess.unawaited({ DATA_DIR: join(file, 'data') })
    expect(await server.exited).toEqual({ code: 2, signal: null })
    expect(server.stderr).toMatch(/^event-fanout: DATA_DIR is ".*\/file\/data"; ENOTDIR: .*\n$/)
  })
})
