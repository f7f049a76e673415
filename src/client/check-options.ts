import type { Environment } from './environment.ts'
import type { ConnectOptions } from './options.ts'

/** What an option must be, as a regular expression for the beginning of its type and value. */
const WANTED = {
  url: 'string wss?://.',
  httpUrl: 'string https?://.',
  getToken: 'function',
  WebSocket: 'function',
  device: 'undefined|string .{1,128}$',
  from: 'undefined|number \\d+$',
  pollInterval: 'undefined|number [1-9]',
  pingInterval: 'undefined|number [1-9]',
} as const satisfies Partial<Record<keyof ConnectOptions, string>>

/** @throws TypeError that names the option, its value and what would do */
export function checkOptions(options: ConnectOptions & Environment): void {
  let name: keyof typeof WANTED
  for (name in WANTED) {
    const wanted = WANTED[name]
    const value = options[name]
    const given = [typeof value, value].join(' ')
    if (!new RegExp(`^(${wanted})`).test(given))
      // Cut, for it may be a token.
      throw new TypeError(`connect: ${name} must be ${wanted}, not ${given.slice(0, 40)}`)
  }
}
