import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { apiError, message } from './codes.ts'
import type { ConnectionsPort } from './connections.ts'
import { isWellFormedId } from './ids.ts'
import { describeError } from '../log.ts'
import type { Settings } from './options.ts'
import { addressOf, splitTarget } from './upgrade-request.ts'

type ErrorName = keyof typeof apiError

/**
 * Plain HTTP requests: `@connections` (developer guide, page apigateway-how-to-call-websocket-api-connections), and
 * 426 for whoever should have asked for an upgrade.
 */
export class ConnectionsApi {
  readonly #settings: Settings
  readonly #connections: ConnectionsPort

  constructor(settings: Settings, connections: ConnectionsPort) {
    this.#settings = settings
    this.#connections = connections
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('x-amzn-RequestId', randomUUID())
    void this.#answer(request, response).catch((error: unknown) => {
      this.#settings.log({ level: 'error', event: 'gateway.failed', error: describeError(error) })
      if (!response.headersSent) sendJson(response, 500, { message: message.internal })
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = connectionIdIn(request.url ?? '/')
    if (id === undefined) {
      answerPlain(request, response)
    } else if (!this.#mayUse(request) || !isSigned(request)) {
      sendError(response, 'forbidden', 'Forbidden')
    } else if (!isWellFormedId(id)) {
      sendError(response, 'malformed_id', `Invalid connectionId: ${id}`)
    } else if (request.method === 'POST') {
      await this.#post(id, request, response)
    } else if (request.method === 'GET') {
      const found = this.#connections.get(id)
      if (typeof found === 'string') sendError(response, found)
      else sendJson(response, 200, found)
    } else if (request.method === 'DELETE') {
      const outcome = this.#connections.delete(id)
      if (outcome === 'ok') response.writeHead(204).end()
      else sendError(response, outcome)
    } else {
      sendError(response, 'forbidden', 'Forbidden')
    }
  }

  async #post(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, this.#settings.quotas.messageBytes)
    const outcome = body ? this.#connections.post(id, body) : 'too_large'
    if (outcome === 'ok') response.writeHead(200, { 'Content-Length': 0 }).end()
    else sendError(response, outcome)
  }

  #mayUse(request: IncomingMessage): boolean {
    const { connectionsApi } = this.#settings
    if (connectionsApi !== 'loopback') return connectionsApi === 'anyone'
    const isLocal = /^(127\.|::1$)/.test(addressOf(request))
    // From a proxy on this machine everyone looks local.
    return isLocal && !('x-forwarded-for' in request.headers) && !('forwarded' in request.headers)
  }
}

/**
 * The id in `…/@connections/{id}`; undefined when the path is another. Any stage or none may come before it; the SDK
 * sends `=` as `%3D`, others `@` as `%40`, and an endpoint that ends in a slash makes two of it.
 */
function connectionIdIn(target: string): string | undefined {
  const [path] = splitTarget(target)
  return /\/@connections\/([^/]+)\/?$/.exec(decode(path))?.[1]
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Has the form of a Signature Version 4 for `execute-api`. The signature itself is not verified. */
function isSigned(request: IncomingMessage): boolean {
  const form =
    /^AWS4-HMAC-SHA256 Credential=[^/,\s]+\/\d{8}\/[\w-]+\/execute-api\/aws4_request, ?SignedHeaders=[\w;-]+, ?Signature=[\da-f]{64}$/
  return form.test(request.headers.authorization ?? '')
}

function answerPlain(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendError(response, 'forbidden', message.forbidden)
    return
  }
  response.setHeader('Connection', 'Upgrade').setHeader('Upgrade', 'websocket')
  sendJson(response, 426, { message: message.upgradeRequired })
}

/** Undefined when it is over `limit`; the rest is then read and dropped, so that the client can read the answer. */
function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= limit) chunks.push(chunk)
      else resolve(undefined)
    })
    request.on('end', () => {
      resolve(Buffer.concat(chunks))
    })
    request.on('error', reject)
  })
}

/** Without `x-amzn-ErrorType` the SDK would call every error "Unknown". A 410 has no body. */
function sendError(response: ServerResponse, name: ErrorName, text = ''): void {
  const { status, type } = apiError[name]
  response.setHeader('x-amzn-ErrorType', type)
  if (name === 'gone') response.writeHead(status, { 'Content-Length': 0 }).end()
  else sendJson(response, status, { message: text === '' ? defaultText[name] : text })
}

const defaultText = {
  malformed_id: 'Invalid connectionId',
  forbidden: message.forbidden,
  too_large: 'Payload too large',
  throttled: 'Limit exceeded',
} as const

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const json = JSON.stringify(body)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(json),
  })
  response.end(json)
}
