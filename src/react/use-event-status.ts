import { useCallback, useSyncExternalStore } from 'react'
import type { EventClient } from '../client/event-client.ts'
import type { Status } from '../client/status.ts'

/** What is shown without a client, and what the server renders. */
const CONNECTING: Status = { state: 'connecting' }

const connecting = () => CONNECTING
const ignore = () => undefined

/** What the client is doing, to show it. Without a client, and on the server: `connecting`. */
export function useEventStatus(
  client: Pick<EventClient<never>, 'status' | 'onStatus'> | null | undefined,
): Status {
  const subscribe = useCallback((onChange: () => void) => client?.onStatus(onChange) ?? ignore, [client])
  return useSyncExternalStore(subscribe, () => client?.status ?? CONNECTING, connecting)
}
