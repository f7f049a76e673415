import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * Stands between clients and the server, and can vanish as a phone does in a tunnel: from one moment on nothing goes
 * through any more, in either direction, and nobody is told.
 */
export class Proxy {
  readonly #server: Server
  /** The side of the server of each connection, with its client. */
  readonly #pairs = new Map<Socket, Socket>()
  readonly #vanished = new Set<Socket>()

  private constructor(target: number) {
    this.#server = createServer((client) => {
      this.#forward(client, connect(target, '127.0.0.1'))
    })
  }

  static async to(target: number): Promise<Proxy> {
    const proxy = new Proxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Connections whose other end the server can only believe in. */
  get vanished(): number {
    return this.#vanished.size
  }

  /** Of the connections that there are now; those that come later work. @returns how many */
  vanish(): number {
    for (const [upstream, client] of this.#pairs) {
      upstream.unpipe(client).pause()
      client.unpipe(upstream).resume()
      this.#vanished.add(upstream)
    }
    const count = this.#pairs.size
    this.#pairs.clear()
    return count
  }

  /** Lets go of what vanished: the server has, or is no more. */
  forget(): void {
    for (const upstream of this.#vanished) upstream.destroy()
    this.#vanished.clear()
  }

  close(): void {
    this.forget()
    for (const [upstream, client] of this.#pairs) {
      upstream.destroy()
      client.destroy()
    }
    this.#server.close()
  }

  #forward(client: Socket, upstream: Socket): void {
    this.#pairs.set(upstream, client)
    const end = (): void => {
      // A client that gives up cannot tell the server either.
      if (this.#vanished.has(upstream)) return
      this.#pairs.delete(upstream)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
    client.pipe(upstream)
    upstream.pipe(client)
  }
}
