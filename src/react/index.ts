export type { MaybeClient } from './maybe-client.ts'
export { useEventClient } from './use-event-client.ts'
export { useEventStatus } from './use-event-status.ts'
export { useAnyEvent, useEvents, useRefetch } from './use-events.ts'
