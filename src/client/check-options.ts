import type { Environment } from './environment.ts'
import type { ConnectOptions } from './options.ts'

/** What the type of an option and its value, in this order, must match. */
const PATTERNS = {
  url: /^string wss?:/,
  httpUrl: /^string https?:/,
  getToken: /^function/,
  WebSocket: /^function/,
  fetch: /^function/,
  device: /^(undefined|string .{1,128}$)/s,
  from: /^(undefined|number \d+$)/,
  pollInterval: /^(undefined|number [1-9])/,
  pingInterval: /^(undefined|number [1-9])/,
} as const satisfies Partial<Record<keyof ConnectOptions, RegExp>>

/** @throws TypeError that names the option, its value and what would do */
export function checkOptions(options: ConnectOptions & Environment): void {
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    const value = options[name as keyof typeof PATTERNS]
    const described = `${typeof value} ${String(value)}`
    if (!pattern.test(described))
      throw new TypeError(`connect: option ${name} is ${described}; it must match ${pattern.source}`)
  }
}
