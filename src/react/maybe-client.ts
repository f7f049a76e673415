import type { EventClient } from '../client/event-client.ts'

/** There is none on the server, before the first effect, and while nobody is signed in. */
export type MaybeClient<Events> = EventClient<Events> | null | undefined
