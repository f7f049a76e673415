import { newProducerId } from './producer.ts'
import type { MessageNumber } from './wire.ts'

/**
 * Numbers what one connection emits to one channel, from 1 and without gaps, so that a bridge sees what it has missed.
 *
 * The number of an emit that failed goes to the next one, unless one with a later number is still under way or was successful: then it
 * stays missing. The bridge reports it as a gap of one, though whoever called `emit` has been told already.
 *
 * Nor does a number name an event for ever: what failed may be in Redis all the same, and the next event has its number then.
 */
export class Producer {
  readonly id: string
  /** The highest that is under way or was successful. */
  #last = 0
  /** Those below it that failed, as long as what is above them may fail too. */
  readonly #failed = new Set<number>()

  constructor(name: string) {
    this.id = newProducerId(name)
  }

  /** @param send is called at once, so that events are sent in the order of their numbers */
  async numbered<Result>(send: (number: MessageNumber) => Promise<Result>): Promise<Result> {
    const number = ++this.#last
    try {
      const result = await send({ producer: this.id, number })
      this.#keep(number)
      return result
    } catch (error) {
      this.#handBack(number)
      throw error
    }
  }

  #keep(number: number): void {
    for (const failed of this.#failed) if (failed < number) this.#failed.delete(failed)
  }

  #handBack(number: number): void {
    this.#failed.add(number)
    while (this.#failed.delete(this.#last)) this.#last--
  }
}

const producers = new WeakMap<object, Map<string, Producer>>()

/** The one of this connection, channel and name: connections do not know of each other, and a bridge may read one channel only. */
export function producerOf(redis: object, channel: string, name: string): Producer {
  const ofConnection = producers.get(redis) ?? new Map<string, Producer>()
  producers.set(redis, ofConnection)
  // Neither has blanks.
  const key = `${channel} ${name}`
  const producer = ofConnection.get(key) ?? new Producer(name)
  ofConnection.set(key, producer)
  return producer
}
