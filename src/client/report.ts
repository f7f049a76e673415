declare const console: { error(message: string, error: unknown): void }

/** Tells the developer of a callback of the app that failed. */
export function report(what: string, error: unknown): void {
  console.error(`event-fanout: ${what} failed`, error)
}
