import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Requests that wait on one connection for those before them. Browsers and agents of Node send one at a time. */
const MAX_WAITING = 32

/**
 * Serves the requests of each connection one after the other: Node starts pipelined ones at once and keeps their answers
 * in memory, so a client that sends a thousand and reads nothing would make a thousand answers wait.
 */
export function inTurn(serve: Serve): (request: IncomingMessage, response: ServerResponse) => void {
  const queues = new WeakMap<Socket, { last: Promise<void>; waiting: number }>()
  return (request, response) => {
    const { socket } = request
    const queue = queues.get(socket) ?? { last: Promise.resolve(), waiting: 0 }
    queues.set(socket, queue)
    if (++queue.waiting > MAX_WAITING) {
      socket.destroy()
      return
    }
    queue.last = queue.last.then(async () => {
      if (!socket.destroyed) await untilSent(socket, response, serve(request, response))
      queue.waiting--
    })
  }
}

/** Until the answer has left this process, or the connection has ended. */
async function untilSent(socket: Socket, response: ServerResponse, served: Promise<void>): Promise<void> {
  const sent = new Promise<void>((resolve) => {
    const end = (): void => {
      socket.off('close', end)
      resolve()
    }
    response.once('close', end)
    socket.once('close', end)
  })
  await served
  await sent
}
