import type { ConnectOptions } from './options.ts'

/** @throws TypeError that names the option, its value and what would do */
export function checkOptions(options: ConnectOptions): void {
  for (const name of ['url', 'httpUrl'] as const) {
    const value = options[name]
    const scheme = name === 'url' ? 'ws' : 'http'
    if (value?.startsWith(scheme) === false)
      throw new TypeError(`connect: ${name} is ${value}; it must begin with ${scheme}`)
  }
}
