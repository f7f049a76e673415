/** NATS with one JetStream stream in a file, in two ways to say whom an event concerns. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixedPort } from '../../test/chaos/server-process.ts'
import { RawSocket } from '../raw-socket.ts'
import { HELLO, NatsConnection, publishCommand, subscribeCommand } from './nats-connection.ts'
import { NatsPublisher } from './nats-publisher.ts'
import type { OnMessage, Peer, Running } from './peer.ts'
import { type Programs, start, versionOf } from './programs.ts'

const STREAM = 'EVENTS'

interface Form {
  /** What the stream keeps. */
  readonly all: string
  /** Where an event is published. */
  readonly subjects: (trainerId: string, studentId: string) => readonly string[]
  /** What one user subscribes to. */
  readonly of: (userId: string) => readonly string[]
}

/** Each user has a log, as with event-fanout: one subject, an event is stored once for each recipient. */
const TWO_MESSAGES: Form = {
  all: 'user.*',
  subjects: (trainerId, studentId) => [`user.${trainerId}`, `user.${studentId}`],
  of: (userId) => [`user.${userId}`],
}

/** The form that is most favourable to NATS: an event is stored once, and there can be but two recipients. */
const ONE_MESSAGE: Form = {
  all: 'events.*.*',
  subjects: (trainerId, studentId) => [`events.${trainerId}.${studentId}`],
  of: (userId) => [`events.${userId}.*`, `events.*.${userId}`],
}

// Since 2.9 has no setting to flush before it answers: its `sync_interval` is 2 minutes by default.
const ACKNOWLEDGED = 'written to the file, which is flushed every two minutes'

export const natsTwoMessages: Peer = {
  name: 'NATS JetStream, a message per user',
  log: 'one stream in a file, a message for each recipient',
  acknowledged: ACKNOWLEDGED,
  durable: false,
  missing: (programs) => programs.missing('nats-server', 'nats-server'),
  start: async (folder, programs) => startNats(folder, programs, TWO_MESSAGES),
}

export const natsOneMessage: Peer = {
  ...natsTwoMessages,
  name: 'NATS JetStream, a message per pair',
  log: 'one stream in a file, a message for both recipients; no log of one user',
  start: async (folder, programs) => startNats(folder, programs, ONE_MESSAGE),
}

async function startNats(folder: string, programs: Programs, form: Form): Promise<Running> {
  const path = programs.path('nats-server')
  const [port, wsPort] = [await fixedPort(), await fixedPort()]
  const config = join(folder, 'nats.conf')
  writeFileSync(config, configuration(folder, port, wsPort))
  const began = performance.now()
  const server = start(path, ['-c', config])
  await server.listening(port)
  await server.listening(wsPort)
  const startUpMs = performance.now() - began
  const backend = await NatsPublisher.open(port)
  const stream = { name: STREAM, subjects: [form.all], storage: 'file' }
  await backend.request(`$JS.API.STREAM.CREATE.${STREAM}`, JSON.stringify(stream))
  const url = `ws://127.0.0.1:${wsPort}`
  return {
    pids: [server.pid],
    startUpMs,
    version: versionOf(path, '--version'),
    publish: async (text, trainerId, studentId) => {
      const subjects = form.subjects(trainerId, studentId)
      await Promise.all(subjects.map(async (subject) => backend.request(subject, text)))
    },
    subscribe: async (userId, onMessage) => {
      const commands = form.of(userId).map((subject, i) => subscribeCommand(subject, i + 1))
      const socket = await open(url, commands.join(''), onMessage)
      return {
        cursor: async () => lastSequence(backend),
        close: () => {
          socket.close()
        },
      }
    },
    catchUp: async (userId, cursor, onMessage) =>
      open(url, consumers(form.of(userId), userId, cursor), onMessage),
    stop: async () => {
      backend.close()
      await server.stop()
    },
  }
}

function configuration(folder: string, port: number, wsPort: number): string {
  return `
listen: "127.0.0.1:${port}"
jetstream { store_dir: ${JSON.stringify(folder)} }
websocket { listen: "127.0.0.1:${wsPort}", no_tls: true }
`
}

/**
 * A subscription of core NATS: it costs the server the least. It carries no sequence, so the cursor is where the stream
 * ends when the user leaves; a client that wants to see gaps would need a consumer of JetStream, for each user, all the time.
 */
async function open(url: string, commands: string, onMessage: OnMessage): Promise<RawSocket> {
  const connection = new NatsConnection(
    (text) => {
      socket.send(Buffer.from(text))
    },
    ({ payload }) => {
      onMessage(payload)
    },
  )
  const early: Buffer[] = []
  let read = (chunk: Buffer): void => void early.push(Buffer.from(chunk))
  const socket = await RawSocket.open({
    url,
    onMessage: (chunk) => {
      read(chunk)
    },
  })
  read = (chunk) => {
    connection.read(chunk)
  }
  early.forEach(read)
  await connection.settled(HELLO + commands)
  return socket
}

async function lastSequence(backend: NatsPublisher): Promise<string> {
  const info = JSON.parse(await backend.request(`$JS.API.STREAM.INFO.${STREAM}`, '')) as {
    state: { last_seq: number }
  }
  return String(info.state.last_seq)
}

/**
 * A consumer for each subject, as this version filters by one: from the cursor on, and live after it. Each delivers to a
 * subject of its own, as interest by a wildcard does not set it going.
 */
function consumers(subjects: readonly string[], userId: string, cursor: string): string {
  const commands = subjects.map((subject, i) => {
    const deliver = `_DELIVER.${userId}.${i}`
    const config = {
      deliver_subject: deliver,
      filter_subject: subject,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: Number(cursor) + 1,
      ack_policy: 'none',
      mem_storage: true,
    }
    const request = JSON.stringify({ stream_name: STREAM, config })
    const create = publishCommand(`$JS.API.CONSUMER.CREATE.${STREAM}`, `_INBOX.${userId}`, request)
    return subscribeCommand(deliver, i + 1) + create
  })
  return commands.join('')
}
