import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { deferred } from '../support/deferred.ts'

export interface Request {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Answers one request, or does not. */
export type Reply = (response: ServerResponse, request: Request) => void

/**
 * Answers each request with the next reply of the script; one more fails the test. Add a way of misbehaving by writing a `Reply` below.
 */
export class ScriptedServer {
  readonly httpUrl: string
  readonly requests: Request[]

  private constructor(httpUrl: string, requests: Request[]) {
    this.httpUrl = httpUrl
    this.requests = requests
  }

  static async with(...script: readonly Reply[]): Promise<ScriptedServer> {
    const requests: Request[] = []
    const server = createServer((request, response) => {
      const { method, url, headers } = request
      text(request).then(
        (body) => {
          requests.push({ method, url, headers, body })
          const reply = script[requests.length - 1] ?? json(418, { unexpected: body })
          reply(response, requests.at(-1)!)
        },
        () => response.destroy(),
      )
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return new ScriptedServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests)
  }

  get bodies(): unknown[] {
    return this.requests.map(({ body }) => JSON.parse(body) as unknown)
  }
}

type Headers = Readonly<Record<string, string>>

export function raw(status: number, body: string, headers: Headers = {}): Reply {
  return (response) => response.writeHead(status, headers).end(body)
}

export function json(status: number, body: unknown, headers: Headers = {}): Reply {
  return raw(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers })
}

/** A problem document as the server's. */
export function problem(status: number, code: string, facts: object = {}, headers: Headers = {}): Reply {
  return json(status, { title: 'T', status, code, detail: `detail of ${code}`, ...facts }, headers)
}

export const unavailable = problem(503, 'unavailable', {}, { 'retry-after': '1' })

export function publishedAs(id: string, duplicate = false) {
  return { id, duplicate, recipients: [{ userId: 'u', offset: 7, connections: 1, sent: 1 }] }
}

/** Publishes whatever came. */
export const publishes: Reply = (response, { body }) => {
  const result = (event: unknown) => publishedAs((event as { id?: string }).id ?? 'derived')
  const parsed = JSON.parse(body) as unknown
  json(200, Array.isArray(parsed) ? parsed.map(result) : result(parsed))(response, empty)
}

const empty: Request = { method: '', url: '', headers: {}, body: '' }

/** The connection breaks before there is an answer. */
export const breaks: Reply = (response) => response.destroy()

/** The connection breaks in the middle of the answer. */
export const breaksInAnswer: Reply = (response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{"id"', () => response.destroy())
}

/** Takes the request and never answers; tells when it has it. */
export function hanging() {
  const { promise, resolve } = deferred<unknown>()
  const hang: Reply = () => {
    resolve(undefined)
  }
  return { hang, asked: promise }
}
