import { Device, type Surroundings } from './device.ts'
import type { Role } from './events.ts'
import { Observable } from './observable.ts'

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

  disconnect(device: Device): void {
    device.close()
    this.others = this.others.filter((other) => other !== device)
    this.changed()
  }
}
