import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Reply = (request: IncomingMessage, response: ServerResponse) => void

/** Answers each request with the next reply of the script, and with the last one from then on. */
export async function serve(...script: readonly [Reply, ...Reply[]]) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    const reply = script[Math.min(requests.length, script.length - 1)] ?? script[0]
    requests.push(request)
    request.resume()
    reply(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => stop(server))
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
}

/** As the services send errors; the type is how the SDK knows them. */
export const status =
  (code: number, type = 'SomeException', body = '{}'): Reply =>
  (_, response) => {
    response.writeHead(code, { 'x-amzn-ErrorType': type, 'content-type': 'application/json' }).end(body)
  }

export const ok: Reply = (_, response) => {
  response.writeHead(200, { 'content-length': 0 }).end()
}

/** Takes the request and never answers. */
export const hang: Reply = () => undefined

/** The connection breaks before there is an answer. */
export const breakOff: Reply = (request) => {
  request.socket.destroy()
}

/** Sends the headers and a part of the body, and then nothing more. */
export const hangInBody: Reply = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': 100 }).write('{')
}
