/** What stands between a doctor and a real server, and breaks one thing. */
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { endlessly, type Pace } from './endless.ts'

type HeaderMap = Record<string, string | string[] | undefined>

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: HeaderMap
  readonly body: string
}

export interface Answered {
  readonly status: number
  readonly headers: HeaderMap
  readonly body: string
}

export interface HttpRules {
  /** Changes a request, or answers it itself: `hang` never, `drop` by closing the connection, else without an end. */
  readonly asked?: (
    asked: Asked,
  ) => Asked | Answered | 'hang' | 'drop' | Pace | undefined | Promise<Asked | undefined>
  /** Changes an answer. */
  readonly answered?: (
    answered: Answered,
    asked: Asked,
  ) => Answered | undefined | Promise<Answered | undefined>
}

/** A page such as a proxy shows. */
export function page(status: number): Answered {
  return { status, headers: { 'content-type': 'text/html' }, body: `<html><h1>${status}</h1></html>` }
}

export function jsonAnswer(status: number, value: unknown): Answered {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** @returns its address */
export async function httpProxy(target: string, rules: HttpRules): Promise<string> {
  const server = createServer((request, response) => {
    pass(target, rules, request, response).catch(() => response.destroy())
  })
  return `http://127.0.0.1:${await listen(server)}`
}

async function pass(target: string, rules: HttpRules, request: IncomingMessage, response: ServerResponse) {
  const asked: Asked = {
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: { ...request.headers },
    body: (await buffer(request)).toString(),
  }
  const ruled = (await rules.asked?.(asked)) ?? asked
  if (ruled === 'hang') return
  if (ruled === 'drop') {
    response.destroy()
    return
  }
  if (ruled === 'drip' || ruled === 'flood') {
    endlessly(ruled, response.writeHead(200))
    return
  }
  const answered = 'status' in ruled ? ruled : await forward(target, ruled)
  const changed = 'status' in ruled ? answered : ((await rules.answered?.(answered, ruled)) ?? answered)
  const { 'content-length': _, 'transfer-encoding': __, ...headers } = changed.headers
  response.sendDate = !('date' in headers)
  response.writeHead(changed.status, headers).end(changed.body)
}

export async function forward(target: string, { method, path, headers, body }: Asked): Promise<Answered> {
  const { 'content-length': _, 'transfer-encoding': __, ...rest } = headers
  const request = httpRequest(new URL(path, target), { method, headers: rest })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const text = (await buffer(response)).toString()
  return { status: response.statusCode ?? 0, headers: { ...response.headers }, body: text }
}

export interface SocketRules {
  /** Changes a frame on its way to the client; nothing: it is lost; several: all of them. */
  readonly toClient?: (frame: string) => readonly string[]
  /** Changes a message on its way to the server; nothing: it is lost. */
  readonly toServer?: (message: string) => readonly string[]
  /** Changes the handshake's headers. */
  readonly handshake?: (headers: HeaderMap) => HeaderMap
}

export interface SocketProxy {
  readonly url: string
  /** To every client that is connected. */
  readonly send: (frame: string) => void
}

/** Between WebSockets, frame by frame. Refusals of the server are passed on. */
export async function socketProxy(target: string, rules: SocketRules): Promise<SocketProxy> {
  const all = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  })
  const server = createServer()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const headers = rules.handshake?.({ ...request.headers }) ?? request.headers
    const names = ['authorization', 'origin'].filter((name) => headers[name] !== undefined)
    const upstream = new WebSocket(new URL(request.url ?? '/', target), protocolsOf(headers), {
      headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
    })
    const early: string[] = []
    const hold = (data: Buffer): void => void early.push(data.toString())
    upstream.on('message', hold)
    upstream.on('error', () => socket.destroy())
    upstream.once('unexpected-response', (_, response: IncomingMessage) => {
      void buffer(response).then((body) => {
        socket.end(
          `HTTP/1.1 ${response.statusCode} Refused\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString()}`,
        )
      })
    })
    upstream.once('open', () => {
      all.handleUpgrade(request, socket, head, (client) => {
        all.emit('connection', client, request)
        const down = (frame: string): void => {
          for (const one of rules.toClient?.(frame) ?? [frame]) client.send(one)
        }
        upstream.off('message', hold)
        early.forEach(down)
        upstream.on('message', (data: Buffer) => {
          down(data.toString())
        })
        client.on('message', (data: Buffer) => {
          for (const one of rules.toServer?.(data.toString()) ?? [data.toString()]) upstream.send(one)
        })
        client.on('error', () => undefined)
        client.on('close', () => {
          upstream.terminate()
        })
        upstream.on('close', () => {
          client.terminate()
        })
      })
    })
  })
  const port = await listen(server)
  return {
    url: `ws://127.0.0.1:${port}`,
    send: (frame) => {
      for (const client of all.clients) client.send(frame)
    },
  }
}

function protocolsOf(headers: HeaderMap): string[] {
  const offered = headers['sec-websocket-protocol']
  return typeof offered === 'string' ? offered.split(',').map((protocol) => protocol.trim()) : []
}

/** What answers handshakes, if anything does. */
export async function instead(target: string, how: 'drop' | 'hang' | 'plain' | Answered): Promise<string> {
  const server = createServer()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => undefined)
    if (how === 'hang') return
    if (how === 'drop') {
      socket.destroy()
      return
    }
    if (how === 'plain') {
      // As a proxy that knows nothing of upgrades passes a request on.
      const { port } = new URL(target)
      const upstream = connect(Number(port), '127.0.0.1')
      upstream.on('error', () => socket.destroy())
      upstream.write(`GET ${request.url ?? '/'} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
      upstream.pipe(socket)
      return
    }
    const { status, headers, body } = how
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`)
    socket.end(
      `HTTP/1.1 ${status} X\r\n${lines.join('')}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    )
  })
  return `ws://127.0.0.1:${await listen(server)}`
}

async function listen(server: Server): Promise<number> {
  const open = new Set<Duplex>()
  server.on('connection', (socket: Duplex) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}
