import { Agent, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Longer than any restart: whoever hits it has found a server that hangs. */
const TIMEOUT_MS = 20_000

/** Requests with one token, over connections that are kept. */
export class HttpClient {
  readonly #base: string
  readonly #token: string
  readonly #agent = new Agent({ keepAlive: true })

  constructor(base: string, token: string) {
    this.#base = base
    this.#token = token
  }

  /** @throws if no whole answer came, which says nothing about what the server did */
  call(method: 'GET' | 'POST', path: string, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${this.#token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const sent = request(this.#base + path, { method, headers, agent: this.#agent, timeout: TIMEOUT_MS })
      sent.on('error', reject).on('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('error', reject).on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: text })
        })
      })
      sent.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
