/**
 * The least that an HTTP server with JSON can do: it reads a body, parses it and answers. With `gateway` a function does so
 * behind the stand-in for API Gateway's HTTP APIs.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createHttpApi } from '../src/gateway/http/http-api.ts'

function answerTo(body: string): string {
  const { timestamp } = JSON.parse(body) as { timestamp: number }
  return JSON.stringify({ timestamp })
}

function bare(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = answerTo(Buffer.concat(chunks).toString())
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
}

async function handler({ body }: { readonly body: string }): Promise<object> {
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: answerTo(body) }
}

const serve =
  process.argv[2] === 'gateway'
    ? createHttpApi({ routes: { 'POST /api/v1/events': handler } }).handleRequest
    : bare
const server = createServer(serve)
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
process.once('disconnect', () => process.exit())
