import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueToken } from '../../src/auth/issue-token.ts'
import { SECRET, ServerProcess } from '../../test/chaos/server-process.ts'
import { publisherToken } from '../load.ts'
import { RawSocket } from '../raw-socket.ts'
import { HttpPublisher } from './http-publisher.ts'
import type { OnMessage, Peer, Running } from './peer.ts'
import { OUTSTANDING } from './settings.ts'

export const EVENT_FANOUT = 'event-fanout'

export const eventFanout: Peer = {
  name: EVENT_FANOUT,
  log: 'each user’s log, on disk (LMDB)',
  acknowledged:
    'in both logs and flushed to disk, once for all that came together; pushed to who is connected',
  durable: true,
  missing: () => undefined,
  start: async (folder) => startServer(folder),
}

async function startServer(folder: string): Promise<Running> {
  const began = performance.now()
  const server = await ServerProcess.start({ dataDir: join(folder, 'data') })
  const startUpMs = performance.now() - began
  process.once('exit', () => server.process.kill('SIGKILL'))
  const publisher = await HttpPublisher.open(server.httpUrl, OUTSTANDING, await publisherToken())
  return {
    pids: [server.pid],
    startUpMs,
    version: ownVersion(),
    publish: async (text) => publisher.publish(text, '/api/v1/events'),
    subscribe: async (userId, onMessage) => {
      const socket = await openSocket(server.wsUrl, userId, onMessage)
      return {
        cursor: async (last) => /"offset":(\d+)/.exec(last.toString())?.[1] ?? '',
        close: () => {
          socket.close()
        },
      }
    },
    catchUp: async (userId, cursor, onMessage) => {
      const socket = await openSocket(server.wsUrl, userId, onMessage)
      socket.send(`{"action":"resume","after":${cursor}}`)
      return socket
    },
    stop: async () => {
      publisher.close()
      await server.stop()
    },
  }
}

export async function openSocket(url: string, userId: string, onMessage: OnMessage): Promise<RawSocket> {
  const token = await issueToken(SECRET, { userId, expiresIn: 3600 })
  return RawSocket.open({ url, headers: { authorization: `Bearer ${token}` }, onMessage })
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
