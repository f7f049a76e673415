import type { Handler, RefetchReason } from '../client/event-client.ts'
import type { EventOf, TypeOf } from '../client/event-map.ts'
import type { MaybeClient } from './maybe-client.ts'
import { useSubscription } from './use-subscription.ts'

/**
 * Calls the handler for each event of a type while the component is mounted. It may be a new function in every render: the last one that was
 * rendered is called. If it returns a promise, the event counts as applied when that is settled.
 *
 * Events from before the component was mounted are not handed to it later: see `docs/react.md`, "Where to subscribe".
 */
export function useEvents<Events, Type extends TypeOf<Events>>(
  client: MaybeClient<Events>,
  type: Type,
  handler: Handler<EventOf<Events, Type>>,
): void {
  useSubscription(handler, (latest) => client?.on(type, latest), [client, type])
}

/** As `useEvents`, for events of every type, undeclared ones as well. */
export function useAnyEvent<Events>(client: MaybeClient<Events>, handler: Handler<EventOf<Events>>): void {
  useSubscription(handler, (latest) => client?.onAny(latest), [client])
}

/**
 * Calls the handler when what was fetched from the backend earlier may lack an event, and has to be fetched again. Later events
 * wait until it has returned, or the promise that it returns is settled.
 */
export function useRefetch<Events>(
  client: MaybeClient<Events>,
  handler: (reason: RefetchReason) => unknown,
): void {
  useSubscription(handler, (latest) => client?.onRefetch(latest), [client])
}
