import { CliError } from './errors.ts'

/** @throws CliError if it is no address of a server; its message repeats no password and no query, which may hold a token */
export function httpUrl(text: string): URL {
  return addressIn(text, /^https?:$/, 'an address', 'http://127.0.0.1:3000')
}

/** @throws CliError, as `httpUrl` */
export function socketUrl(text: string): URL {
  return addressIn(text, /^wss?:$/, 'a WebSocket address', 'ws://127.0.0.1:3001')
}

function addressIn(text: string, protocols: RegExp, what: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !protocols.test(url.protocol)) {
    throw new CliError(`"${withoutSecrets(text)}" is not ${what}; it looks like ${example}`)
  }
  // Addresses are printed, and a server takes tokens only: neither belongs here.
  const part = needlessIn(url)
  if (part === undefined) return url
  throw new CliError(
    `the address ${url.protocol}//${url.host}${url.pathname} was given with ${part}, which cannot be used; leave it out. Tokens have options and variables of their own, and it looks like ${example}`,
  )
}

function needlessIn({ username, password, search, hash }: URL): string | undefined {
  if (username !== '' || password !== '') return 'a user or a password'
  if (search !== '' || hash !== '') return 'a query or a fragment'
  return undefined
}

/** Of what is no address, all before the last `@` may be a password, and all after a `?` or `#` a token. */
function withoutSecrets(text: string): string {
  return text
    .replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, (_, scheme: string | undefined) => `${scheme ?? ''}…@`)
    .replace(/[?#].*/s, '…')
}
