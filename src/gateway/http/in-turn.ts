import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Requests of one connection that are served or wait for those before them. Browsers and agents of Node send one at a time. */
const MAX_WAITING = 32

/**
 * Serves the requests of each connection one after the other: Node starts pipelined ones at once and keeps their answers
 * in memory, so a client that sends a thousand and reads nothing would make a thousand answers wait.
 */
export function inTurn(serve: Serve): (request: IncomingMessage, response: ServerResponse) => void {
  const lanes = new WeakMap<Socket, Lane>()
  return (request, response) => {
    const { socket } = request
    let lane = lanes.get(socket)
    if (lane === undefined) {
      lane = new Lane(socket, serve)
      lanes.set(socket, lane)
    }
    lane.take(request, response)
  }
}

/** The requests of one connection. Most have one at a time, and for those nothing is queued. */
class Lane {
  readonly #socket: Socket
  readonly #serve: Serve
  readonly #waiting: (readonly [IncomingMessage, ServerResponse])[] = []
  #busy = false

  constructor(socket: Socket, serve: Serve) {
    this.#socket = socket
    this.#serve = serve
    // Whose answer is still to come will never be sent, so its turn never ends.
    socket.once('close', () => {
      this.#waiting.length = 0
    })
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#busy) this.#start(request, response)
    else if (this.#waiting.length + 1 < MAX_WAITING) this.#waiting.push([request, response])
    else this.#socket.destroy()
  }

  /** Its turn ends when the function is done and the answer has left this process. */
  #start(request: IncomingMessage, response: ServerResponse): void {
    if (this.#socket.destroyed) return
    this.#busy = true
    let open = 2
    const end = (): void => {
      open--
      if (open === 0) this.#next()
    }
    response.once('close', end)
    void this.#serve(request, response).then(end)
  }

  #next(): void {
    this.#busy = false
    const next = this.#waiting.shift()
    if (next !== undefined) this.#start(...next)
  }
}
