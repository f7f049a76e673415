import { HttpLane } from '../raw-clients.ts'

interface Waiting {
  readonly body: string
  readonly path: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * A backend's pool of connections: a publish takes the one that is free for longest, so that none is idle until the server closes it,
 * or waits for one.
 */
export class HttpPublisher {
  readonly #lanes: readonly HttpLane[]
  readonly #free: HttpLane[]
  #waiting: Waiting[] = []
  #next = 0

  private constructor(lanes: readonly HttpLane[]) {
    this.#lanes = lanes
    this.#free = [...lanes]
  }

  static async open(url: string, lanes: number, token?: string): Promise<HttpPublisher> {
    return new HttpPublisher(
      await Promise.all(Array.from({ length: lanes }, async () => HttpLane.open(url, token))),
    )
  }

  /** @throws unless the server accepts it */
  async publish(body: string, path: string): Promise<void> {
    const lane = this.#free.shift()
    if (lane === undefined) {
      await new Promise<void>((resolve, reject) => this.#waiting.push({ body, path, resolve, reject }))
    } else await this.#post(lane, body, path)
  }

  close(): void {
    for (const lane of this.#lanes) lane.close()
  }

  async #post(lane: HttpLane, body: string, path: string): Promise<void> {
    try {
      await lane.post(body, path)
    } finally {
      this.#release(lane)
    }
  }

  #release(lane: HttpLane): void {
    const waiting = this.#waiting[this.#next]
    if (waiting === undefined) {
      this.#free.push(lane)
      return
    }
    // A queue without moving the rest of it each time.
    this.#next++
    if (this.#next === this.#waiting.length) {
      this.#waiting = []
      this.#next = 0
    }
    void this.#post(lane, waiting.body, waiting.path).then(waiting.resolve, waiting.reject)
  }
}
