import type { Admin } from './admin.ts'
import { Device, type Surroundings as DeviceSurroundings } from './device.ts'
import type { Role } from './events.ts'
import { Observable } from './observable.ts'

export interface Surroundings extends DeviceSurroundings {
  readonly admin: Admin
}

/** One person and their devices. */
export class Side extends Observable {
  readonly role: Role
  userId: string
  device: Device
  /** What the same person has besides. */
  others: readonly Device[] = []
  readonly #surroundings: Surroundings
  #numbered = 1

  constructor(surroundings: Surroundings, role: Role, userId: string) {
    super()
    this.#surroundings = surroundings
    this.role = role
    this.userId = userId
    this.device = new Device(surroundings, role, userId)
  }

  /** Somebody else signs in. */
  signIn(userId: string): void {
    for (const device of [this.device, ...this.others]) device.close()
    this.userId = userId
    this.device = new Device(this.#surroundings, this.role, userId)
    this.others = []
    this.changed()
  }

  connectAnother(): void {
    const name = `device ${++this.#numbered}`
    this.others = [...this.others, new Device(this.#surroundings, this.role, this.userId, name)]
    this.changed()
  }

  /** As an administrator does: all connections end, and the tokens that the person has are refused from now on. Never rejects. */
  async disconnectUser(): Promise<void> {
    const { timeline, admin } = this.#surroundings
    const tell = (kind: 'switch' | 'trouble', text: string): void => {
      timeline.add({ actor: this.role, kind, text })
    }
    try {
      const closed = await admin.disconnect(this.userId)
      const connections = closed === 1 ? '1 connection' : `${closed} connections`
      tell('switch', `disconnected by an administrator: ${connections} closed, earlier tokens refused`)
    } catch (error) {
      tell('trouble', `not disconnected: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  disconnect(device: Device): void {
    device.close()
    this.others = this.others.filter((other) => other !== device)
    this.changed()
  }
}
