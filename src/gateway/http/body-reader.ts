import type { IncomingMessage } from 'node:http'

const NOTHING = Buffer.alloc(0)

/** Reads the bodies of requests into memory, each up to a limit, and all that are on their way up to another. */
export class BodyReader {
  readonly #bodyBytes: number
  readonly #totalBytes: number
  #buffered = 0

  constructor(bodyBytes: number, totalBytes: number) {
    this.#bodyBytes = bodyBytes
    this.#totalBytes = totalBytes
  }

  /** Rejects if the body ends too early: there is nobody left to answer. */
  async read(request: IncomingMessage): Promise<Buffer | 'too large' | 'no room'> {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
    if (length === undefined && encoding === undefined) return NOTHING
    if (Number(length ?? 0) > this.#bodyBytes) return 'too large'
    return this.#collect(request)
  }

  /** By events: iterating over a request takes several promises for each part of it. */
  #collect(request: IncomingMessage): Promise<Buffer | 'too large' | 'no room'> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let size = 0
      let settled = false
      const settle = (result: Buffer | 'too large' | 'no room'): void => {
        // One that was refused still comes to its end.
        if (settled) return
        settled = true
        this.#buffered -= size
        resolve(result)
      }
      const take = (chunk: Buffer): void => {
        const refusal = this.#refusal(size, chunk)
        if (refusal === undefined) {
          size += chunk.length
          this.#buffered += chunk.length
          chunks.push(chunk)
        } else {
          request.off('data', take).pause()
          settle(refusal)
        }
      }
      request
        .on('data', take)
        .once('end', () => {
          settle(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks))
        })
        .on('error', () => undefined)
        .once('close', () => {
          if (settled) return
          this.#buffered -= size
          reject(new Error('the request ended before its body did'))
        })
    })
  }

  #refusal(size: number, chunk: Buffer): 'too large' | 'no room' | undefined {
    if (size + chunk.length > this.#bodyBytes) return 'too large'
    return this.#buffered + chunk.length > this.#totalBytes ? 'no room' : undefined
  }
}
