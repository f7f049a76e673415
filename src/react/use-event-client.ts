import { type DependencyList, useEffect, useMemo, useSyncExternalStore } from 'react'
import type { EventClient } from '../client/event-client.ts'
import { createClientSlot } from './client-slot.ts'
import type { MaybeClient } from './maybe-client.ts'

/**
 * Creates a client when the component is mounted or a dependency changes, and closes it when it is unmounted or they change again. `undefined` on
 * the server, until then, and while `create` gives none because nobody is signed in.
 *
 * ```ts
 * const events = useEventClient(() => (userId ? connect<AppEvents>({ url, httpUrl, getToken }) : undefined), [userId])
 * ```
 *
 * What `create` throws goes to the nearest error boundary.
 */
export function useEventClient<Events>(
  create: () => MaybeClient<Events>,
  dependencies: DependencyList,
): EventClient<Events> | undefined {
  // A new one for new dependencies: what is rendered for the next user never holds the client of the last.
  const slot = useMemo(() => createClientSlot<Events>(), dependencies)
  useEffect(() => {
    const client = create() ?? undefined
    slot.put(client)
    return () => {
      slot.put(undefined)
      client?.close()
    }
  }, [slot])
  // Not a state: React renders a store's change in the same turn. Components that are mounted together with this one thus subscribe
  // before the client has opened anything, and miss nothing.
  return useSyncExternalStore(slot.subscribe, slot.client, none)
}

const none = () => undefined
