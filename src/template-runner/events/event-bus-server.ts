import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { parseObject } from '../json.ts'
import { closeAtOnce, keepIdleConnections, listen } from '../local-server.ts'
import type { EventBus, EventEntry } from './event-bus.ts'

/** Source: EventBridge API reference, PutEvents. */
const MAX_ENTRIES = 10

/** EventBridge's PutEvents over HTTP, for SDKs outside of the functions. */
export async function startEventBusServer(bus: EventBus): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    void text(request)
      .then(async (body) => answer(bus, String(request.headers['x-amz-target']), body))
      .catch((error: unknown) => failure(500, 'InternalException', String(error)))
      .then(({ status, json }) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(json))
      })
  })
  const url = `http://${await listen(server)}`
  keepIdleConnections(server)
  return { url, stop: async () => closeAtOnce(server) }
}

async function answer(
  bus: EventBus,
  target: string,
  body: string,
): Promise<{ status: number; json: object }> {
  if (target !== 'AWSEvents.PutEvents')
    return failure(400, 'UnknownOperationException', `${target} is not served here`)
  const { Entries: entries } = parseObject(body)
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_ENTRIES) {
    return failure(400, 'ValidationException', `Entries must be a list of 1 to ${MAX_ENTRIES}`)
  }
  return { status: 200, json: await bus.put(entries as EventEntry[]) }
}

function failure(status: number, type: string, message: string): { status: number; json: object } {
  return { status, json: { __type: type, message } }
}
