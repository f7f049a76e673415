import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { MessageEvent } from '../../../src/gateway/websocket/websocket-api.ts'

interface ClientOptions {
  protocols?: string[]
  headers?: Record<string, string>
}

/** A `ws` client whose messages wait until a test asks for them. */
export class Client {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #messages: string[] = []
  #wanted: ((message: string) => void) | undefined

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
      })
    })
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => {
      const message = data.toString()
      if (this.#wanted) this.#wanted(message)
      else this.#messages.push(message)
      this.#wanted = undefined
    })
  }

  static async open(url: string, { protocols, headers = {} }: ClientOptions = {}): Promise<Client> {
    const socket = new WebSocket(url, protocols ?? [], { headers })
    onTestFinished(() => {
      socket.terminate()
    })
    const client = new Client(socket)
    await once(socket, 'open')
    return client
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  next(): Promise<string> {
    const message = this.#messages.shift()
    if (message !== undefined) return Promise.resolve(message)
    return new Promise((resolve) => {
      this.#wanted = resolve
    })
  }

  async ask(message: unknown): Promise<string> {
    this.send(message)
    return this.next()
  }

  async reflect(): Promise<{ event: MessageEvent; context: Record<string, unknown>; remaining: number }> {
    return JSON.parse(await this.ask({ action: 'reflect' })) as Awaited<ReturnType<Client['reflect']>>
  }

  /** This connection's id, as its functions see it. */
  async id(): Promise<string> {
    return (await this.reflect()).event.requestContext.connectionId
  }
}

/** The HTTP answer to a handshake that is refused. */
export async function refusal(
  url: string,
  { protocols, headers = {} }: ClientOptions = {},
): Promise<{ status: number | undefined; body: string; headers: IncomingHttpHeaders }> {
  const socket = new WebSocket(url, protocols ?? [], { headers })
  socket.on('error', () => undefined)
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  return { status: response.statusCode, body: await text(response), headers: response.headers }
}
