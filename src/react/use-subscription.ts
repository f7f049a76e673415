import { type DependencyList, useEffect, useInsertionEffect, useMemo } from 'react'
import type { Unsubscribe } from '../client/event-client.ts'

/** Subscribes once for what it depends on, and calls the handler of the last render that was committed. */
export function useSubscription<Args extends readonly unknown[]>(
  handler: (...args: Args) => unknown,
  subscribe: (latest: (...args: Args) => unknown) => Unsubscribe | undefined,
  dependencies: DependencyList,
): void {
  // One for each subscription. Between a commit and its effects the last subscription is still there, and what it brings is for the
  // handler that was rendered with it: the next one may be that of another user.
  const latest = useMemo(() => ({ handler }), dependencies)
  // The earliest effect. A handler of a render that is never committed must not be called, so rendering must not set it.
  useInsertionEffect(() => {
    latest.handler = handler
  })
  useEffect(() => subscribe((...args) => latest.handler(...args)), [latest])
}
