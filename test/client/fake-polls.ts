import type { Fetch } from '../../src/client/options.ts'
import type { Page } from '../../src/client/protocol.ts'
import { type FakeServer, isOffset } from './fake-server.ts'

interface Poll {
  readonly url: string
  readonly token: string
  readonly at: number
  readonly signal: AbortSignal
}

/** What the server of `fake-server.ts` answers over HTTP. */
export function answerPoll(server: FakeServer, { url, token, at, signal }: Poll): Awaited<ReturnType<Fetch>> {
  const { pathname, searchParams } = new URL(url)
  if (pathname !== '/api/v1/events/recent') server.complaints.push(`GET ${url}`)
  server.requests.push({ query: searchParams.toString(), token, at })
  if (server.polls === 'html')
    return { status: 200, json: async () => Promise.reject(new SyntaxError('Unexpected token <')) }
  if (server.polls === 'stall') return { status: 200, json: async () => rejectsOn(signal) }
  if (server.polls === 503) return { status: 503, json: async () => ({ type: 'about:blank', status: 503 }) }
  if (server.polls === 401 || !server.tokens.opens(token))
    return { status: 401, json: async () => ({ type: 'about:blank', status: 401 }) }
  const page = pageFor(server, searchParams)
  return { status: 200, json: async () => page }
}

function pageFor(server: FakeServer, query: URLSearchParams): Page {
  const after = query.get('after')
  const limit = Number(query.get('limit') ?? 100)
  if (after === null) return server.log.newest(limit)
  if (!isOffset(Number(after)) || !(limit >= 1 && limit <= 100))
    server.complaints.push(`a poll with ${query.toString()}`)
  const device = query.get('device')
  if (device) server.acks.push({ device, offset: Number(after), via: 'poll' })
  return server.log.read(Number(after), Math.min(limit, server.pageSize))
}

async function rejectsOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('AbortError: the body was aborted'))
    })
  })
}
