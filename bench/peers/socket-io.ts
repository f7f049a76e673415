import { fixedPort } from '../../test/chaos/server-process.ts'
import { RawSocket } from '../raw-socket.ts'
import { packageVersion } from './bare-ws.ts'
import { HttpPublisher } from './http-publisher.ts'
import { type NodeServer, startNodeServer } from './node-server.ts'
import type { Cursor, OnMessage, Peer, Running } from './peer.ts'
import { type Programs, start, versionOf } from './programs.ts'
import { OUTSTANDING } from './settings.ts'

/** Packet types of Engine.IO, and behind a 4 those of Socket.IO. */
const OPEN = '0'.charCodeAt(0)
const PING = '2'.charCodeAt(0)
const MESSAGE = '4'.charCodeAt(0)
const CONNECT = '0'.charCodeAt(0)
const REFUSED = '4'.charCodeAt(0)

export const socketIoMemory: Peer = {
  name: 'Socket.IO, recovery in memory',
  log: 'events of the last two minutes, in memory',
  acknowledged: 'in memory, and handed to the sockets that are open',
  durable: false,
  missing: () => undefined,
  start: async () => running(await startNodeServer('socket-io-server.ts')),
}

export const socketIoRedis: Peer = {
  name: 'Socket.IO, Redis Streams adapter',
  log: 'the newest 10,000 events of all users in one stream, on disk (append-only file, flushed every second)',
  // `emit` has no answer, and the adapter's promise does not reach its caller.
  acknowledged: 'on the way to Redis: nothing tells when it is there, and up to a second later on disk',
  durable: false,
  missing: (programs) => programs.missing('redis-server', 'redis-server'),
  start: async (folder, programs) => withRedis(folder, programs),
}

async function withRedis(folder: string, programs: Programs): Promise<Running> {
  const port = await fixedPort()
  const path = programs.path('redis-server')
  const began = performance.now()
  const redis = start(path, [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'],
  ])
  await redis.listening(port)
  const redisMs = performance.now() - began
  const node = await running(
    await startNodeServer('socket-io-server.ts', { REDIS_URL: `redis://127.0.0.1:${port}` }),
  )
  const adapter = packageVersion('@socket.io/redis-streams-adapter')
  return {
    ...node,
    pids: [...node.pids, redis.pid],
    startUpMs: redisMs + node.startUpMs,
    version: `${node.version}, adapter ${adapter}, Redis ${versionOf(path, '--version')}`,
    stop: async () => {
      await node.stop()
      await redis.stop()
    },
  }
}

async function running({ program, url, startUpMs }: NodeServer): Promise<Running> {
  const publisher = await HttpPublisher.open(url, OUTSTANDING)
  return {
    pids: [program.pid],
    startUpMs,
    version: packageVersion('socket.io'),
    publish: async (text) => publisher.publish(text, '/events'),
    subscribe: async (userId, onMessage) => {
      const { socket, session } = await open(url, { userId }, onMessage)
      return {
        cursor: async (last) => cursorOf(session, last),
        close: () => {
          socket.close()
        },
      }
    },
    catchUp: async (userId, cursor, onMessage) => {
      const [pid, offset] = cursor.split(' ')
      return (await open(url, { userId, pid, offset }, onMessage)).socket
    },
    stop: async () => {
      publisher.close()
      await program.stop()
    },
  }
}

/** The session that it may recover, and the offset, which is the last argument of every event. */
function cursorOf(session: string, last: Buffer): Cursor {
  const pid = /"pid":"([^"]+)"/.exec(session)?.[1] ?? ''
  return `${pid} ${/"([^"]+)"\]$/.exec(last.toString())?.[1] ?? ''}`
}

/** As socket.io-client does over WebSocket alone: no polling first. */
async function open(
  url: string,
  auth: object,
  onEvent: OnMessage,
): Promise<{ socket: RawSocket; session: string }> {
  let connected: (session: string) => void
  let refused: (error: Error) => void
  const answer = new Promise<string>((resolve, reject) => {
    connected = resolve
    refused = reject
  })
  const onMessage = (packet: Buffer, socket: RawSocket): void => {
    if (packet[0] === OPEN) socket.send(`40${JSON.stringify(auth)}`)
    else if (packet[0] === PING) socket.send('3')
    else if (packet[0] === MESSAGE && packet[1] === CONNECT) connected(packet.toString())
    else if (packet[0] === MESSAGE && packet[1] === REFUSED)
      refused(new Error(`refused: ${packet.toString()}`))
    else onEvent(packet)
  }
  const socket = await RawSocket.open({ url: `${url}/socket.io/?EIO=4&transport=websocket`, onMessage })
  return { socket, session: await answer }
}
