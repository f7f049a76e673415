/** What the compiler says; `npm run types` is the test, and Vitest runs what is left of it. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  createPublisher,
  type EventToPublish,
  type Fetch,
  type Outcome,
  type Published,
  type Publisher,
  PublishError,
  type Queued,
} from '../../src/publisher/index.ts'
import { publishedAs } from './scripted-server.ts'

interface AppEvents {
  SESSION_COMPLETED: { sessionId: string; trainerId: string }
  SESSION_CANCELLED: { sessionId: string; reason?: string }
}

/** As apps declare it elsewhere: an interface has no index signature. */
interface SessionCompleted {
  type: 'SESSION_COMPLETED'
  sessionId: string
  trainerId: string
  studentId: string
}

/** One that publishes everything nowhere. */
function publisherOf<Events extends { readonly [Type in keyof Events]: object }>(): Publisher<Events> {
  const fetch: Fetch = async (_, { body }) => {
    const answer = publishedAs('e-1')
    return new Response(JSON.stringify(body.startsWith('[') ? [answer, answer] : answer))
  }
  return createPublisher<Events>({ httpUrl: 'http://nowhere.invalid', getToken: () => 't', fetch })
}

const completed: SessionCompleted = {
  type: 'SESSION_COMPLETED',
  sessionId: 's',
  trainerId: 't',
  studentId: 'u',
}
const cancelled = { type: 'SESSION_CANCELLED', sessionId: 's' } as const

describe('with an event map', () => {
  const publisher = publisherOf<AppEvents>()

  it('publish takes events of the map, with other fields as well', async () => {
    await publisher.publish({ type: 'SESSION_COMPLETED', sessionId: 's', trainerId: 't' })
    await publisher.publish({
      type: 'SESSION_CANCELLED',
      sessionId: 's',
      recipientIds: ['u'],
      role: 'trainer',
    })
    await publisher.publish({ ...cancelled, id: 'e', timestamp: 1 })
    await publisher.publish({ ...cancelled, id: undefined, timestamp: new Date(0) })
    expect(await publisher.publish(completed)).toEqual(publishedAs('e-1'))
  })

  it('publish takes nothing else', async () => {
    // @ts-expect-error -- no such type
    await publisher.publish({ type: 'SESSION_STARTED', sessionId: 's' })
    // @ts-expect-error -- a field of the map is missing
    await publisher.publish({ type: 'SESSION_COMPLETED', sessionId: 's' })
    // @ts-expect-error -- a field of the map is of another type
    await publisher.publish({ type: 'SESSION_COMPLETED', sessionId: 1, trainerId: 't' })
    // @ts-expect-error -- an id is a string
    await publisher.publish({ ...cancelled, id: 1 })
    // @ts-expect-error -- a timestamp is a time
    await publisher.publish({ ...cancelled, timestamp: true })
    // @ts-expect-error -- no type at all
    await publisher.publish({ sessionId: 's' })
    // @ts-expect-error -- any text could be any type
    await publisher.publish({ ...cancelled, type: 'SESSION_CANCELLED' as string })
    expect.assertions(0)
  })

  it('publishAll takes events of several types', async () => {
    await publisher.publishAll([
      { type: 'SESSION_COMPLETED', sessionId: 's', trainerId: 't', more: 1 },
      { type: 'SESSION_CANCELLED', sessionId: 's' },
    ])
    await publisher.publishAll([completed, cancelled] as const)
    const events: EventToPublish<AppEvents>[] = [completed, cancelled]
    expect(await publisher.publishAll(events)).toHaveLength(2)
    // @ts-expect-error -- the second one is not of the map
    await publisher.publishAll([completed, { type: 'SESSION_STARTED' }])
    // @ts-expect-error -- the second one lacks a field of the map
    await publisher.publishAll([completed, { type: 'SESSION_CANCELLED' }])
  })
})

describe('without an event map', () => {
  const publisher = publisherOf<Record<string, Record<string, unknown>>>()

  it('publish takes any object with a type', async () => {
    expectTypeOf(createPublisher({ httpUrl: 'http://x', getToken: () => 't' })).toEqualTypeOf<
      Publisher<Readonly<Record<string, Readonly<Record<string, unknown>>>>>
    >()
    await publisher.publish({ type: 'ANY', whatever: { a: [1] } })
    await publisher.publish(completed)
    const dynamic: { [field: string]: unknown; type: string } = { type: 'ANY' }
    await publisher.publish(dynamic)
    expect(await publisher.publishAll([dynamic, { type: 'ANY', timestamp: 1 }])).toHaveLength(2)
    // @ts-expect-error -- no type
    await publisher.publish({ whatever: 1 })
    // @ts-expect-error -- a type is text
    await publisher.publish({ type: 1 })
  })
})

describe('the results', () => {
  const publisher = publisherOf<AppEvents>()

  it('have a queue’s answer only for those who asked', async () => {
    expectTypeOf(publisher.publish(cancelled)).resolves.toEqualTypeOf<Published>()
    expectTypeOf(publisher.publish(cancelled, { deadline: 1000 })).resolves.toEqualTypeOf<Published>()
    const asked = publisher.publish(cancelled, { respondAsync: true })
    expectTypeOf(asked).resolves.toEqualTypeOf<Published | Queued>()
    const perhaps = publisher.publish(cancelled, { respondAsync: Math.random() < 2 })
    expectTypeOf(perhaps).resolves.toEqualTypeOf<Published | Queued>()
    const all = publisher.publishAll([completed, cancelled])
    expectTypeOf(all).resolves.toEqualTypeOf<readonly Outcome<Published>[]>()
    expect(await Promise.all([asked, perhaps, all])).toHaveLength(3)
  })

  it('of several are told apart by `error`', async () => {
    for (const outcome of await publisher.publishAll([completed, cancelled])) {
      if ('error' in outcome) expectTypeOf(outcome.error).toEqualTypeOf<PublishError>()
      else expectTypeOf(outcome.recipients[0]!.offset).toEqualTypeOf<number>()
      expect(outcome).not.toHaveProperty('error')
    }
  })
})

describe('fetch', () => {
  it('may be the platform’s', () => {
    expectTypeOf(globalThis.fetch).toExtend<Fetch>()
    expectTypeOf<PublishError['code']>().toExtend<string>()
  })
})
