/** Events under way at once in the closed loop, and connections of a backend that publishes over HTTP. */
export const OUTSTANDING = 64

export const EVENT_BYTES = 1024

/** What a user who comes back has missed. */
export const MISSED = 20
