import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
  readonly body?: string | Buffer
  /** The rest of the request was not read, so the connection cannot be used again. Whoever sends it ends the response. */
  readonly close?: boolean
}

interface Structured {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string | number | boolean>>
  readonly cookies?: readonly string[]
  readonly body?: string
  readonly isBase64Encoded?: boolean
}

/**
 * A function's result in format 2.0: with a `statusCode` it is the answer, without one it is the JSON body of a 200.
 *
 * @throws TypeError if it is no answer that HTTP could carry
 */
export function parseHttpResult(value: unknown): HttpAnswer {
  if (!isStructured(value)) {
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value ?? null),
    }
  }
  const { statusCode, headers = {}, cookies, body, isBase64Encoded = false } = value
  check(value)
  return {
    status: statusCode,
    headers: lowerCased(headers),
    ...(cookies && { cookies }),
    ...(body !== undefined && { body: isBase64Encoded ? Buffer.from(body, 'base64') : body }),
  }
}

function lowerCased(headers: NonNullable<Structured['headers']>): Record<string, string> {
  const lower: Record<string, string> = {}
  for (const name of Object.keys(headers)) lower[name.toLowerCase()] = String(headers[name])
  return lower
}

function check({ statusCode, headers = {}, cookies = [], body = '' }: Structured): void {
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
    throw new TypeError('the statusCode of the result is not one of a final answer')
  }
  if (typeof body !== 'string') throw new TypeError('the body of the result is not a string')
  for (const [name, text] of Object.entries(headers)) {
    validateHeaderName(name)
    validateHeaderValue(name, String(text))
  }
  for (const cookie of cookies) validateHeaderValue('set-cookie', cookie)
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
  if (body === undefined) response.end()
  else if (close) response.write(body)
  else response.end(body)
}
