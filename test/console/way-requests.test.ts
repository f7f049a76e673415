import { describe, expect, it } from 'vitest'
import type { Found } from '../../src/console/admin.ts'
import { Way } from '../../src/console/way.ts'
import { ManualTime } from '../client/manual-time.ts'

const found = (eventId: string): Found => ({
  eventId,
  type: 'TOLD',
  digest: 'digest',
  state: 'logged',
  acceptedAt: 1,
  recipients: [],
})

/** A way whose questions are answered as the test says, on a manual clock. */
class Scene {
  readonly time = new ManualTime()
  readonly asked: { readonly eventId: string; readonly at: number }[] = []
  readonly way: Way
  /** How long an answer takes, in milliseconds. */
  latency = 10
  failure: Error | undefined
  isHidden = false
  atOnce = 0
  most = 0

  constructor() {
    this.way = new Way({
      look: async (eventId) => this.#answer(eventId),
      now: () => this.time.now(),
      after: (milliseconds, run) => this.time.after('device', milliseconds, run),
      isHidden: () => this.isHidden,
    })
  }

  async #answer(eventId: string): Promise<Found> {
    this.asked.push({ eventId, at: this.time.now() })
    this.most = Math.max(this.most, ++this.atOnce)
    await new Promise<void>((resolve) => {
      this.time.after('world', this.latency, resolve)
    })
    this.atOnce--
    if (this.failure !== undefined) throw this.failure
    return found(eventId)
  }
}

describe('an event that is looked at', () => {
  it('is asked for at once, and then every second', async () => {
    const { time, way, asked } = new Scene()
    const opened = time.now()
    way.open('e-1')
    await time.advance(5_000)
    expect(asked.map(({ at }) => at - opened)).toEqual([0, 1_010, 2_020, 3_030, 4_040])
    expect(way.found).toMatchObject({ eventId: 'e-1' })
    expect(way.foundAt).toBe(opened + 4_050)
  })

  it('is asked for soon after something happened, however much happens: one request at a time', async () => {
    const scene = new Scene()
    const { time, way, asked } = scene
    scene.latency = 100
    way.open('e-1')
    await time.advance(200)
    way.poke()
    await time.advance(250)
    expect(asked).toHaveLength(2)
    for (let i = 0; i < 1_000; i++) {
      way.poke()
      await time.advance(10)
    }
    // In ten seconds: 250 ms and the answer's own 100 between two.
    expect(asked.length).toBeGreaterThan(25)
    expect(asked.length).toBeLessThan(32)
    expect(scene.most).toBe(1)
  })

  it('is asked for once more if something happens while an answer is under way', async () => {
    const scene = new Scene()
    const { time, way, asked } = scene
    scene.latency = 500
    way.open('e-1')
    await time.advance(100)
    way.poke()
    await time.advance(400 + 250)
    expect(asked).toHaveLength(2)
  })

  it('gives way to the next one, whose answer it never takes the place of', async () => {
    const scene = new Scene()
    const { time, way, asked } = scene
    scene.latency = 300
    way.open('e-1')
    await time.advance(100)
    way.open('e-2')
    expect(way.found).toBeUndefined()
    await time.advance(201)
    expect(way.found).toBeUndefined()
    await time.advance(300)
    expect(way.found).toMatchObject({ eventId: 'e-2' })
    expect(asked.map(({ eventId }) => eventId)).toEqual(['e-1', 'e-2'])
    expect(scene.most).toBe(1)
  })

  it('is not asked for anew when it is opened from the other person’s list, whose question it is then', async () => {
    const { time, way, asked } = new Scene()
    way.open('e-1', 'trainer')
    await time.advance(100)
    let changes = 0
    way.subscribe(() => changes++)
    way.open('e-1', 'student')
    expect(way.openedFrom).toBe('student')
    expect(changes).toBe(1)
    expect(way.found).toMatchObject({ eventId: 'e-1' })
    expect(asked).toHaveLength(1)
    way.open('e-2')
    expect(way.openedFrom).toBeUndefined()
  })

  it('is asked for no more once it is closed, whatever happens', async () => {
    const { time, way, asked } = new Scene()
    way.open('e-1')
    await time.advance(100)
    way.close()
    way.poke()
    way.wake()
    await time.advance(60_000)
    expect(asked).toHaveLength(1)
  })

  it('that is closed while it is asked for is forgotten', async () => {
    const { time, way, asked } = new Scene()
    way.open('e-1')
    way.close()
    await time.advance(60_000)
    expect(asked).toHaveLength(1)
    expect(way.found).toBeUndefined()
  })

  it('is not asked for while the page is hidden, and at once when it is looked at again', async () => {
    const scene = new Scene()
    const { time, way, asked } = scene
    way.open('e-1')
    await time.advance(100)
    scene.isHidden = true
    way.wake()
    way.poke()
    await time.advance(60_000)
    expect(asked).toHaveLength(1)
    scene.isHidden = false
    way.wake()
    await time.advance(10)
    expect(asked).toHaveLength(2)
    await time.advance(3_000)
    expect(asked).toHaveLength(4)
  })
})

describe('a server that does not answer', () => {
  it('is asked seldomer and seldomer; what was known stays, and the page says what is wrong', async () => {
    const scene = new Scene()
    const { time, way, asked } = scene
    way.open('e-1')
    await time.advance(500)
    scene.failure = new Error('Failed to fetch')
    await time.advance(120_000)
    expect(way.found).toMatchObject({ eventId: 'e-1' })
    expect(way.trouble).toBe('Failed to fetch')
    expect(asked.length).toBeLessThan(15)
    const before = asked.length
    for (let i = 0; i < 100; i++) way.poke()
    await time.advance(1_000)
    expect(asked.length - before).toBeLessThanOrEqual(1)

    scene.failure = undefined
    await time.advance(15_000)
    expect(way.trouble).toBe('')
    await time.advance(5_000)
    expect(time.now() - asked.at(-1)!.at).toBeLessThan(1_100)
  })
})
