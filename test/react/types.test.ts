import { describe, expectTypeOf, it } from 'vitest'
import type { AnyEvents, EventClient, RefetchReason, Status } from '../../src/client/index.ts'
import { useAnyEvent, useEventClient, useEvents, useEventStatus, useRefetch } from '../../src/react/index.ts'
import type { AppEvents } from './fake-client.ts'

declare const client: EventClient<AppEvents> | undefined
declare const untyped: EventClient<AnyEvents>
declare const signedIn: boolean

/** Never called: what counts is what the compiler says of it. */
function Component() {
  useEvents(client, 'SESSION_COMPLETED', (event, { via, offset }) => {
    expectTypeOf(event.sessionId).toBeString()
    expectTypeOf(event.type).toEqualTypeOf<'SESSION_COMPLETED'>()
    expectTypeOf(event.id).toBeString()
    expectTypeOf(via).toEqualTypeOf<'push' | 'resume' | 'poll'>()
    expectTypeOf(offset).toBeNumber()
    // @ts-expect-error of another type
    expectTypeOf(event.reason)
  })
  // @ts-expect-error not declared
  useEvents(client, 'SESSION_COMPLETE', () => undefined)
  // @ts-expect-error a handler of another type
  useEvents(client, 'SESSION_COMPLETED', (event: { readonly other: string }) => event)
  useEvents(client, 'SESSION_CANCELLED', async ({ reason }) => {
    expectTypeOf(reason).toEqualTypeOf<string | undefined>()
  })
  useEvents(untyped, 'WHATEVER', (event) => {
    expectTypeOf(event['sessionId']).toBeUnknown()
  })
  useAnyEvent(client, (event) => {
    if (event.type === 'SESSION_CANCELLED') expectTypeOf(event.reason).toEqualTypeOf<string | undefined>()
  })
  useRefetch(client, (reason) => {
    expectTypeOf(reason).toEqualTypeOf<RefetchReason>()
  })
  expectTypeOf(useEventStatus(client)).toEqualTypeOf<Status>()
  expectTypeOf(useEventStatus(null)).toEqualTypeOf<Status>()
  const created = useEventClient(() => (signedIn ? client : undefined), [signedIn])
  expectTypeOf(created).toEqualTypeOf<EventClient<AppEvents> | undefined>()
  // @ts-expect-error without dependencies it would be created in every render
  useEventClient(() => client)
}

describe('the types of event-fanout/react', () => {
  it('follow from the event map of the client', () => {
    expectTypeOf(Component).toBeFunction()
  })
})
