import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll } from 'vitest'
import type { Fetch } from '../../src/publisher/options.ts'
import { ManualEnvironment } from './manual-environment.ts'

/** What may happen to one request on its way. "After" means that the server has done the work. */
export const FAULTS = [
  'none',
  'half',
  'no connection',
  'cut before',
  'cut after',
  'cut meanwhile',
  'cut in the answer',
  'unavailable before',
  'unavailable after',
  'silent before',
  'silent after',
  'unauthorized',
  'forbidden',
  'page before',
  'page after',
] as const
export type Fault = (typeof FAULTS)[number]

/** Those after which the publisher tries again. */
export const PASSING_FAULTS = FAULTS.filter(
  (fault) => !/^(none|half|unauthorized|forbidden|page .*)$/.test(fault),
)

interface Way {
  readonly faults: readonly Fault[]
  readonly environment: ManualEnvironment
  tries: number
}

/**
 * Stands in front of a server, and does to the requests of each way what its faults say, one after the other; from then on it lets them
 * through. A new fault is a name above and a case in `#meet`.
 */
export class FaultyProxy {
  readonly #ways = new Map<string, Way>()
  readonly #forwarded = new Set<Promise<unknown>>()
  readonly #target: () => string
  #httpUrl = ''

  /** For the tests of one file. */
  constructor(target: () => string) {
    this.#target = target
    const server = createServer((request, response) => {
      const [, key = '', path = ''] = /^\/(\d+)(\/.*)$/.exec(request.url ?? '') ?? []
      const { authorization = '' } = request.headers
      void text(request).then(async (body) =>
        this.#meet(this.#ways.get(key)!, { path, authorization, body }, response),
      )
    })
    beforeAll(async () => {
      await once(server.listen(0, '127.0.0.1'), 'listening')
      this.#httpUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    })
    afterAll(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
  }

  /** What a publisher needs to go through here. */
  way(faults: readonly Fault[]) {
    const environment = new ManualEnvironment()
    const way = { faults, environment, tries: 0 }
    const key = String(this.#ways.size)
    this.#ways.set(key, way)
    const fetch: Fetch = async (url, init) => {
      if (way.faults[way.tries] !== 'no connection') return globalThis.fetch(url, init)
      way.tries++
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('refused'), { syscall: 'connect' }),
      })
    }
    return { httpUrl: `${this.#httpUrl}/${key}`, fetch, environment }
  }

  /** When the server has answered all that was sent on to it. */
  async idle(): Promise<void> {
    await Promise.all(this.#forwarded)
  }

  async #meet(way: Way, sent: Sent, response: ServerResponse): Promise<void> {
    const fault = way.faults[way.tries++] ?? 'none'
    if (fault === 'cut meanwhile') response.destroy()
    const isForwarded = /^none$|(after|answer|meanwhile)$/.test(fault)
    const answer = isForwarded ? await this.#forward(sent) : ''
    switch (fault) {
      case 'none':
        return void response.end(answer)
      case 'half':
        return void response.end(await this.#half(sent))
      case 'cut in the answer':
        return void response
          .writeHead(200, { 'content-length': Buffer.byteLength(answer) })
          .write(answer.slice(0, answer.length / 2), () => response.destroy())
      case 'unavailable before':
      case 'unavailable after':
        return void response.writeHead(503).end()
      case 'silent before':
      case 'silent after':
        return way.environment.strike()
      case 'unauthorized':
        return void response.writeHead(401).end()
      case 'forbidden':
        return void response.writeHead(403).end('{"code":"forbidden"}')
      case 'page before':
      case 'page after':
        return void response.end('<html>Hello</html>')
      default:
        return void response.destroy()
    }
  }

  /** As the server that fails on an event: those after it that share a recipient are held up. */
  async #half(sent: Sent): Promise<string> {
    const failed = { error: { status: 503, code: 'unavailable' } }
    const events = JSON.parse(sent.body) as unknown
    if (!Array.isArray(events)) return JSON.stringify(failed)
    const half = Math.floor(events.length / 2)
    const body = JSON.stringify(events.slice(0, half))
    const done = half === 0 ? [] : (JSON.parse(await this.#forward({ ...sent, body })) as unknown[])
    return JSON.stringify([...done, ...events.slice(half).map(() => failed)])
  }

  async #forward({ path, authorization, body }: Sent): Promise<string> {
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = fetch(`${this.#target()}${path}`, { method: 'POST', headers, body }).then(
      async (response) => {
        const answered = await response.text()
        if (response.status !== 200) throw new Error(`the server answers ${response.status} ${answered}`)
        return answered
      },
    )
    this.#forwarded.add(answer)
    return answer
  }
}

interface Sent {
  readonly path: string
  readonly authorization: string
  readonly body: string
}
