import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import {
  createHttpApi,
  type HttpApi,
  type HttpApiOptions,
  type HttpLogRecord,
} from '../../../src/gateway/http/http-api.ts'
import type { HttpApiEvent } from '../../../src/gateway/http/event.ts'
import type { Clock } from '../../../src/gateway/websocket/websocket-api.ts'

export interface Served {
  readonly url: string
  readonly port: number
  readonly api: HttpApi
  readonly log: HttpLogRecord[]
}

/** An API on a free port, gone when the test is over. */
export async function serve(options: HttpApiOptions): Promise<Served> {
  const log: HttpLogRecord[] = []
  const api = createHttpApi({ log: (record) => log.push(record), ...options })
  const server = createServer(api.handleRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, api, log }
}

/** A function that answers with its event. */
export const reflect = (event: HttpApiEvent): HttpApiEvent => event

export interface Sent {
  readonly method?: string
  /** Name, value, name, value: repeated ones too. */
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
}

export interface Received {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Unlike `fetch`, sends any path and header as they are. */
export async function send(
  served: Served,
  path: string,
  { method = 'GET', headers, body }: Sent = {},
): Promise<Received> {
  const sent = httpRequest({
    port: served.port,
    host: '127.0.0.1',
    path,
    method,
    agent: false,
    ...(headers && { headers: ['Host', 'api.example', ...headers] }),
  })
  // Of a body that nobody wants the rest may fail to go out, after the answer came.
  sent.on('error', () => undefined)
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

/** The event that `reflect` got for a request. */
export async function eventFor(served: Served, path: string, sent: Sent = {}): Promise<HttpApiEvent> {
  return JSON.parse((await send(served, path, sent)).body) as HttpApiEvent
}

/** Time that passes only when a test says so. */
export class StoppedClock implements Clock {
  readonly at: number
  readonly #tasks = new Set<() => void>()

  constructor(at: number) {
    this.at = at
  }

  now(): number {
    return this.at
  }

  after(_ms: number, task: () => void): () => void {
    this.#tasks.add(task)
    return () => this.#tasks.delete(task)
  }

  get pending(): number {
    return this.#tasks.size
  }

  /** All limits strike. */
  strike(): void {
    for (const task of this.#tasks) task()
    this.#tasks.clear()
  }
}
