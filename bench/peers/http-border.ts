/** The border that the servers on Node share with event-fanout: a POST with the event as JSON, answered when it was handled. */
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PublishedEvent {
  readonly trainerId: string
  readonly studentId: string
}

const ANSWER = '{"ok":true}'

export function onPublish(handle: (event: PublishedEvent, text: string) => void): RequestListener {
  return (request, response) => {
    // Socket.IO answers its own paths.
    if (request.method !== 'POST') return
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      handle(JSON.parse(text) as PublishedEvent, text)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
      response.end(ANSWER)
    })
  }
}

/** Says where it listens to the process that started it, and ends with it. */
export function serve(server: Server): void {
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', 4096, () => process.send?.((server.address() as AddressInfo).port))
  process.once('disconnect', () => process.exit())
  process.once('SIGTERM', () => process.exit())
}
