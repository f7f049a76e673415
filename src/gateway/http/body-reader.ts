import type { IncomingMessage } from 'node:http'

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
    if (Number(request.headers['content-length'] ?? 0) > this.#bodyBytes) return 'too large'
    const chunks: Buffer[] = []
    let size = 0
    try {
      // Without `destroyOnReturn` the socket would be gone before the refusal could be sent.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        if (size + chunk.length > this.#bodyBytes) return 'too large'
        if (this.#buffered + chunk.length > this.#totalBytes) return 'no room'
        size += chunk.length
        this.#buffered += chunk.length
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    } finally {
      this.#buffered -= size
    }
  }
}
