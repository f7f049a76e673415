/** What each function gets if nothing else is asked for. */
export interface FunctionSettings {
  readonly description: string
  readonly timeoutSeconds: number
  readonly memoryMiB: number
}

export const FUNCTIONS = {
  authorize: { description: 'WebSocket $connect: verifies the token', timeoutSeconds: 10, memoryMiB: 256 },
  connect: {
    description: 'WebSocket $connect: registers the connection',
    timeoutSeconds: 10,
    memoryMiB: 256,
  },
  disconnect: { description: 'WebSocket $disconnect: forgets it', timeoutSeconds: 10, memoryMiB: 256 },
  message: { description: 'WebSocket resume, ping, ack, report', timeoutSeconds: 10, memoryMiB: 256 },
  event: { description: 'Queue and EventBridge: logs and pushes events', timeoutSeconds: 60, memoryMiB: 512 },
  // Below the 30 s after which an HTTP API gives up, so that the caller gets this function's own answer.
  publish: { description: 'POST /api/v1/events', timeoutSeconds: 29, memoryMiB: 512 },
  recent: { description: 'GET /api/v1/events/recent', timeoutSeconds: 15, memoryMiB: 256 },
  // An event can have 100 recipients, each with a log, devices and connections to look at.
  inspect: {
    description: 'GET receipts, why, and the status of a user',
    timeoutSeconds: 29,
    memoryMiB: 256,
  },
  // A user can have 500 connections.
  disconnectUser: {
    description: 'DELETE /api/v1/users/{id}/connections',
    timeoutSeconds: 29,
    memoryMiB: 256,
  },
  health: { description: 'GET /health', timeoutSeconds: 5, memoryMiB: 256 },
} as const satisfies Record<string, FunctionSettings>

export type FunctionName = keyof typeof FUNCTIONS

export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[]
