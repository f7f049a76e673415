import { WebSocket } from 'ws'
import { issueToken } from '../../../src/auth/issue-token.ts'
import { HttpClient } from '../http-client.ts'
import type { Random } from '../random.ts'
import { SECRET } from '../server-process.ts'

interface BadRequest {
  readonly name: string
  readonly status: number
  readonly token: 'good' | 'forged' | 'scopeless'
  readonly body: string
}

const KIB = 1024
const LARGE = JSON.stringify({ type: 'LARGE', id: 'large', userId: 'user-0', note: 'x'.repeat(130 * KIB) })

const BAD_REQUESTS: readonly BadRequest[] = [
  { name: 'a forged token', status: 401, token: 'forged', body: '{}' },
  { name: 'a token without the scope', status: 403, token: 'scopeless', body: '{}' },
  { name: 'no JSON', status: 400, token: 'good', body: '{"type":"T","id":"x"' },
  { name: 'an event that is too large', status: 413, token: 'good', body: LARGE },
  { name: 'a body that is too large', status: 413, token: 'good', body: `[${'[],'.repeat(800 * KIB)}[]]` },
  { name: 'an event for nobody', status: 422, token: 'good', body: '{"type":"T","id":"nobody"}' },
  { name: 'no event', status: 422, token: 'good', body: '"text"' },
  { name: 'a type that is none', status: 422, token: 'good', body: '{"type":7,"id":"y","userId":"user-0"}' },
]

/** Messages over a socket that must cost nobody else anything: each is answered by an error frame, or by the end of this socket. */
const BAD_MESSAGES: readonly (string | Buffer)[] = [
  'no JSON',
  '{"action":"conquer"}',
  '{"action":"resume","after":"yesterday"}',
  '{"action":"ack","offset":-1}',
  Buffer.from([1, 2, 3]),
  'x'.repeat(200 * KIB),
]

/** What comes from clients that are broken or mean no good. */
export class BadInput {
  readonly counts = { requests: 0, unanswered: 0, messages: 0 }
  readonly #clients: Readonly<Record<BadRequest['token'], HttpClient>>
  readonly #wsUrl: string
  readonly #token: string
  readonly #report: (fault: string) => void

  private constructor(
    clients: Readonly<Record<BadRequest['token'], HttpClient>>,
    wsUrl: string,
    token: string,
    report: (fault: string) => void,
  ) {
    this.#clients = clients
    this.#wsUrl = wsUrl
    this.#token = token
    this.#report = report
  }

  static async for(httpUrl: string, wsUrl: string, lifetime: number, report: (fault: string) => void) {
    const who = { userId: 'user-0', expiresIn: lifetime }
    const scopeless = await issueToken(SECRET, who)
    const good = await issueToken(SECRET, { ...who, scope: 'events:publish' })
    const forged = await issueToken('another secret, of somebody who would like to know', who)
    const clients = {
      good: new HttpClient(httpUrl, good),
      forged: new HttpClient(httpUrl, forged),
      scopeless: new HttpClient(httpUrl, scopeless),
    }
    return new BadInput(clients, wsUrl, scopeless, report)
  }

  /** So many requests, and a socket for each tenth. */
  async flood(requests: number, random: Random): Promise<void> {
    let left = requests
    const lane = async (): Promise<void> => {
      while (left-- > 0) {
        await this.#request(BAD_REQUESTS[random.whole(0, BAD_REQUESTS.length - 1)]!)
        if (left % 10 === 0) await this.#messages()
      }
    }
    await Promise.all(Array.from({ length: 4 }, lane))
  }

  close(): void {
    for (const client of Object.values(this.#clients)) client.close()
  }

  async #request({ name, status, token, body }: BadRequest): Promise<void> {
    this.counts.requests++
    const answer = await this.#clients[token].call('POST', '/api/v1/events', body).catch(() => undefined)
    if (answer === undefined) this.counts.unanswered++
    // Whoever is told too late that a body is too large may find the connection closed; and a drained server says 503.
    if (answer === undefined || answer.status === status || answer.status === 503) return
    this.#report(`${name} was answered ${answer.status} instead of ${status}: ${answer.body.slice(0, 200)}`)
  }

  async #messages(): Promise<void> {
    const socket = new WebSocket(this.#wsUrl, {
      headers: { authorization: `Bearer ${this.#token}` },
      handshakeTimeout: 10_000,
    })
    await new Promise<void>((resolve) => {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          resolve()
        })
      socket.on('open', () => {
        for (const message of BAD_MESSAGES) socket.send(message)
        this.counts.messages += BAD_MESSAGES.length
      })
      // The last two end it; if they do not, nobody waits for ever.
      setTimeout(() => {
        socket.terminate()
      }, 10_000).unref()
    })
  }
}
