import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { HELLO, NatsConnection, publishCommand, subscribeCommand } from './nats-connection.ts'

const INBOX = '_INBOX.backend'

interface Waiting {
  readonly resolve: (answer: string) => void
  readonly reject: (error: Error) => void
}

/** A backend's one connection, over TCP; requests overlap. */
export class NatsPublisher {
  readonly #socket: Socket
  readonly #connection: NatsConnection
  readonly #waiting = new Map<string, Waiting>()
  #count = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#connection = new NatsConnection(
      (text) => socket.write(text),
      ({ subject, payload }) => {
        this.#answered(subject, payload.toString())
      },
    )
    socket.on('data', (chunk) => {
      this.#connection.read(chunk)
    })
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('NATS closed the connection'))
    })
  }

  static async open(port: number): Promise<NatsPublisher> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    await once(socket, 'connect')
    const publisher = new NatsPublisher(socket)
    await publisher.#connection.settled(HELLO + subscribeCommand(`${INBOX}.*`, 1))
    return publisher
  }

  /** @throws if JetStream answers that it failed */
  request(subject: string, payload: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const inbox = `${INBOX}.${this.#count++}`
      this.#waiting.set(inbox, { resolve, reject })
      this.#socket.write(publishCommand(subject, inbox, payload))
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #answered(inbox: string, answer: string): void {
    const waiting = this.#waiting.get(inbox)
    this.#waiting.delete(inbox)
    if (answer.includes('"error"')) waiting?.reject(new Error(`JetStream answered ${answer}`))
    else waiting?.resolve(answer)
  }
}
