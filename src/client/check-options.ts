import type { ConnectOptions } from './options.ts'

/** @throws TypeError that names the option, its value and what would do */
export function checkOptions(options: ConnectOptions): void {
  const { url, httpUrl = 'https:', getToken, device = 'any', from = 0 } = options
  const { pollInterval = 1, pingInterval = 1 } = options
  check({ url }, /^wss?:/.test(url), 'an address as wss://events.example.com')
  check({ httpUrl }, /^https?:/.test(httpUrl), 'an address as https://events.example.com')
  check({ getToken }, typeof getToken === 'function', 'a function')
  check({ device }, device.length > 0 && device.length <= 128, '1 to 128 characters')
  check({ from }, Number.isSafeInteger(from) && from >= 0, 'an offset')
  check({ pollInterval }, pollInterval > 0, 'milliseconds')
  check({ pingInterval }, pingInterval > 0, 'milliseconds')
}

function check(option: object, isGood: boolean, wanted: string): void {
  if (isGood) return
  const [[name, value] = []] = Object.entries(option) as [string, unknown][]
  throw new TypeError(`connect: ${String(name)} is ${String(value)}; it must be ${wanted}`)
}
