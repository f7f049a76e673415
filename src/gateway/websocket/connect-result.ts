import { STATUS_CODES } from 'node:http'
import { message } from './codes.ts'
import type { Outcome } from '../lambda.ts'

export type ConnectResult =
  { status: 101; protocol: string | undefined } | { status: number; message: string; failed: boolean }

/** What the result of `$connect` means for the client: API Gateway developer guide, page websocket-connect-route-subprotocol. */
export function readConnectResult(outcome: Outcome, offered: readonly string[]): ConnectResult {
  if (outcome.kind === 'timedOut') return { status: 504, message: message.timedOut, failed: true }
  const status = outcome.kind === 'returned' ? statusOf(outcome.value) : undefined
  if (outcome.kind === 'threw' || status === undefined)
    return { status: 502, message: message.internal, failed: true }
  if (status >= 200 && status < 300)
    return { status: 101, protocol: selectedProtocol(outcome.value, offered) }
  return { status, message: STATUS_CODES[status] ?? '', failed: false }
}

/** Undefined when the result has no status that an HTTP response could end with. */
function statusOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) return undefined
  const status = Number(result.statusCode)
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined
}

/** The function's `Sec-WebSocket-Protocol`, if it is one that the client has offered. */
function selectedProtocol(result: unknown, offered: readonly string[]): string | undefined {
  if (typeof result !== 'object' || result === null || !('headers' in result)) return undefined
  const entries = Object.entries(result.headers ?? {}) as [string, unknown][]
  const value = entries.find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1]
  return offered.find((protocol) => protocol === value)
}
