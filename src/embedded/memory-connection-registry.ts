import type { Connection, ConnectionRegistry } from '../core/ports.ts'

const NONE: readonly Connection[] = []

/** `ConnectionRegistry` in memory: it lives exactly as long as the sockets it is about. */
export class MemoryConnectionRegistry implements ConnectionRegistry {
  /** Each user's, oldest first. A change makes a new list: whoever reads one keeps it as it was. */
  readonly #users = new Map<string, readonly Connection[]>()

  async register(connection: Connection): Promise<readonly Connection[]> {
    const { userId, id } = connection
    const others = this.ofUser(userId).filter((other) => other.id !== id)
    const connections = [...others, connection].sort((a, b) => a.registeredAt - b.registeredAt)
    this.#users.set(userId, connections)
    return connections
  }

  async get(userId: string, connectionId: string): Promise<Connection | undefined> {
    return this.ofUser(userId).find(({ id }) => id === connectionId)
  }

  ofUser(userId: string): readonly Connection[] {
    return this.#users.get(userId) ?? NONE
  }

  async remove(userId: string, connectionId: string): Promise<void> {
    const rest = this.ofUser(userId).filter(({ id }) => id !== connectionId)
    // Users come and go for as long as the process runs.
    if (rest.length === 0) this.#users.delete(userId)
    else this.#users.set(userId, rest)
  }
}
