/** The least of a NATS client: https://docs.nats.io/reference/reference-protocols/nats-protocol */

export interface NatsMessage {
  readonly subject: string
  readonly payload: Buffer
}

const LINE_END = Buffer.from('\r\n')
const OPTIONS = { verbose: false, pedantic: false, lang: 'bench', version: '1', protocol: 1, headers: false }

export const HELLO = `CONNECT ${JSON.stringify(OPTIONS)}\r\n`

export const subscribeCommand = (subject: string, id: number): string => `SUB ${subject} ${id}\r\n`

/** @param payload in ASCII */
export const publishCommand = (subject: string, reply: string, payload: string): string =>
  `PUB ${subject} ${reply} ${payload.length}\r\n${payload}\r\n`

/** One connection's protocol, over whatever carries it. */
export class NatsConnection {
  readonly #write: (text: string) => void
  readonly #onMessage: (message: NatsMessage) => void
  #kept = Buffer.alloc(0)
  #pong: (() => void) | undefined
  #failed: ((error: Error) => void) | undefined

  constructor(write: (text: string) => void, onMessage: (message: NatsMessage) => void) {
    this.#write = write
    this.#onMessage = onMessage
  }

  /** Sends the commands, and resolves when the server has worked through them. */
  async settled(commands: string): Promise<void> {
    const pong = new Promise<void>((resolve, reject) => {
      this.#pong = resolve
      this.#failed = reject
    })
    this.#write(`${commands}PING\r\n`)
    await pong
  }

  /** Messages in it are valid until the handler returns. */
  read(chunk: Buffer): void {
    const data = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    let at = 0
    for (let next = this.#take(data, at); next !== undefined; next = this.#take(data, at)) at = next
    this.#kept = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at))
  }

  /** Where the next command begins; undefined if this one is not there as a whole. */
  #take(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(LINE_END, at)
    if (end < 0) return undefined
    const line = data.toString('latin1', at, end)
    const start = end + LINE_END.length
    if (!line.startsWith('MSG ')) {
      this.#control(line)
      return start
    }
    const words = line.split(' ')
    const length = Number(words.at(-1))
    if (data.length < start + length + LINE_END.length) return undefined
    this.#onMessage({ subject: words[1] ?? '', payload: data.subarray(start, start + length) })
    return start + length + LINE_END.length
  }

  #control(line: string): void {
    if (line === 'PING') this.#write('PONG\r\n')
    if (line === 'PONG') this.#pong?.()
    if (line.startsWith('-ERR')) this.#failed?.(new Error(`NATS says ${line}`))
  }
}
