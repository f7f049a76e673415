import type { AcceptedEvent } from '../../../src/core/event.ts'
import type { Connection } from '../../../src/core/ports.ts'
import { Publisher, type PublishDependencies } from '../../../src/core/publish.ts'
import { type Explanation, explain } from '../../../src/core/why/explain.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { connectionOf, createWorld } from '../../support/fakes.ts'

/** When every story begins, and the offset that the first event of a log has then. */
export const START = Date.UTC(2025, 5, 1)
export const DAY = 86_400_000
/** How long events, and what devices told, are kept in the world of the tests. */
export const RETENTION = 30 * DAY

/** A time after the start, as evidence writes it. */
export const timeAt = (ms: number) => new Date(START + ms).toISOString()

/** The devices of ann, and of others, around some events. */
export class Story {
  readonly world = createWorld()

  async open(id: string, device?: string, more: Partial<Connection> = {}): Promise<void> {
    const named = device === undefined ? {} : { device }
    await this.world.connections.register(connectionOf(this.world.clock, id, 'ann', { ...named, ...more }))
  }

  async close(id: string): Promise<void> {
    await this.world.connections.remove('ann', id)
  }

  async publish(id = 'e-1', changes: Partial<PublishDependencies> = {}): Promise<void> {
    await new Publisher({ ...this.world, ...changes }).publish(sampleEvent(id, ['ann']))
  }

  /** Appends until the next step is one that the process does not live to see. */
  async begin(event: AcceptedEvent, steps: number): Promise<void> {
    let left = steps
    await new Promise<void>((resolve) => {
      const pause = async () => {
        if (left-- > 0) return
        resolve()
        await new Promise(() => undefined)
      }
      void this.world.log.append([event], pause)
    })
  }

  async acknowledge(device: string, offset: number): Promise<void> {
    await this.world.devices.acknowledge('ann', device, offset)
  }

  async report(device: string, offset: number, error = 'TypeError: x'): Promise<void> {
    await this.world.devices.report('ann', device, offset, error)
  }

  wait(ms: number): void {
    this.world.clock.advance(ms)
  }

  async why(question: { eventId?: string; userId?: string; device?: string } = {}): Promise<Explanation> {
    return explain(this.world, { eventId: 'e-1', userId: 'ann', ...question })
  }
}
