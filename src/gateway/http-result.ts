import type { ServerResponse } from 'node:http'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
  readonly body?: string | Buffer
  /** The rest of the request was not read, so the connection cannot be used again. */
  readonly close?: boolean
}

interface Structured {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string | number | boolean>>
  readonly cookies?: readonly string[]
  readonly body?: string
  readonly isBase64Encoded?: boolean
}

/** A function's result in format 2.0: with a `statusCode` it is the answer, without one it is the JSON body of a 200. */
export function parseHttpResult(value: unknown): HttpAnswer {
  if (!isStructured(value)) {
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value ?? null),
    }
  }
  const { statusCode, headers = {}, cookies, body, isBase64Encoded = false } = value
  return {
    status: statusCode,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name.toLowerCase(), String(text)]),
    ),
    ...(cookies && { cookies }),
    ...(body !== undefined && { body: isBase64Encoded ? Buffer.from(body, 'base64') : body }),
  }
}

function isStructured(value: unknown): value is Structured {
  return typeof value === 'object' && value !== null && typeof (value as Structured).statusCode === 'number'
}

export function sendHttpAnswer(
  response: ServerResponse,
  { status, headers, cookies, body, close = false }: HttpAnswer,
  extra: Readonly<Record<string, string>>,
): void {
  const length = body === undefined ? 0 : Buffer.byteLength(body)
  response.writeHead(status, {
    ...headers,
    ...extra,
    ...(cookies && { 'set-cookie': [...cookies] }),
    ...(status !== 204 && { 'content-length': length }),
    ...(close && { connection: 'close' }),
  })
  response.end(body)
}
