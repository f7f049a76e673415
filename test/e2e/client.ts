import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Deployment } from './deployment.ts'
import { tokenFor } from './tokens.ts'

export type Frame = Readonly<Record<string, unknown>>

/** The three ways to bring a token to the handshake. */
export const WAYS = ['header', 'subprotocol', 'query'] as const
export type Way = (typeof WAYS)[number]

/** A socket that is about to be opened with a token, or with none. */
export function handshake(
  wsUrl: string,
  way: Way,
  token: string | undefined,
  headers: Record<string, string> = {},
): WebSocket {
  if (token === undefined) return new WebSocket(wsUrl, { headers })
  if (way === 'header')
    return new WebSocket(wsUrl, { headers: { ...headers, authorization: `Bearer ${token}` } })
  if (way === 'subprotocol') return new WebSocket(wsUrl, ['fanout.v1', `bearer.${token}`], { headers })
  return new WebSocket(`${wsUrl}?token=${encodeURIComponent(token)}`, { headers })
}

/** A client whose frames wait until a test asks for them. */
export class Client {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #frames: string[] = []
  #arrived: (() => void) | undefined
  #end: string | undefined

  constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#end = `closed with ${code}`
        this.#arrived?.()
        resolve({ code, reason: reason.toString() })
      })
    })
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer, isBinary) => {
      this.#frames.push(isBinary ? 'a binary frame' : data.toString())
      this.#arrived?.()
    })
    onTestFinished(() => {
      socket.terminate()
    })
  }

  static async over(socket: WebSocket): Promise<Client> {
    const client = new Client(socket)
    await once(socket, 'open')
    return client
  }

  static async connect(deployment: Deployment, userId: string): Promise<Client> {
    return Client.over(handshake(deployment.wsUrl, 'header', tokenFor(deployment, userId)))
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The next frame, as text. Rejects once no more can come. */
  async nextText(): Promise<string> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      if (this.#end !== undefined) throw new Error(this.#end)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  async next(): Promise<Frame> {
    return JSON.parse(await this.nextText()) as Frame
  }

  async ask<T = Frame>(message: unknown): Promise<T> {
    this.send(message)
    return (await this.next()) as T
  }

  /** All that was sent to this client before now: whatever has not come when the pong comes, does not come. */
  async arrived(): Promise<Frame[]> {
    this.send({ action: 'ping' })
    const frames: Frame[] = []
    for (;;) {
      const frame = await this.next()
      if (frame['type'] === 'pong') return frames
      frames.push(frame)
    }
  }

  /** All that still comes until the end. */
  async rest(): Promise<Frame[]> {
    await this.closed
    return this.#frames.splice(0).map((frame) => JSON.parse(frame) as Frame)
  }
}

/** The plain HTTP answer to a handshake that is refused. */
export async function refusal(
  socket: WebSocket,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }> {
  socket.on('error', () => undefined)
  const [request, response] = (await once(socket, 'unexpected-response')) as [
    { destroy(): void },
    IncomingMessage,
  ]
  const body = await text(response)
  request.destroy()
  return { status: response.statusCode, headers: response.headers, body }
}
