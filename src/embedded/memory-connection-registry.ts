import type { Connection, ConnectionRegistry } from '../core/ports.ts'

/** `ConnectionRegistry` in memory: it lives exactly as long as the sockets it is about. */
export class MemoryConnectionRegistry implements ConnectionRegistry {
  readonly #users = new Map<string, Map<string, Connection>>()

  async register(connection: Connection): Promise<readonly Connection[]> {
    const connections = this.#users.get(connection.userId) ?? new Map<string, Connection>()
    connections.set(connection.id, connection)
    this.#users.set(connection.userId, connections)
    return this.ofUser(connection.userId)
  }

  async get(userId: string, connectionId: string): Promise<Connection | undefined> {
    return this.#users.get(userId)?.get(connectionId)
  }

  async ofUser(userId: string): Promise<readonly Connection[]> {
    const connections = [...(this.#users.get(userId)?.values() ?? [])]
    return connections.sort((a, b) => a.registeredAt - b.registeredAt)
  }

  async remove(userId: string, connectionId: string): Promise<void> {
    const connections = this.#users.get(userId)
    connections?.delete(connectionId)
    // Users come and go for as long as the process runs.
    if (connections?.size === 0) this.#users.delete(userId)
  }
}
