/** The subprotocol that a client offers beside its token, and that the server selects. */
export const SUBPROTOCOL = 'fanout.v1'

const BEARER_PROTOCOL = 'bearer.'

/** Where a token may stand in a handshake. Header names in any case. */
export interface Handshake {
  readonly headers?: Readonly<Record<string, string | undefined>> | null
  readonly query?: Readonly<Record<string, string | undefined>> | null
}

/**
 * The token of a handshake: `Authorization: Bearer …`, else the subprotocol `bearer.…`, else `?token=…`. The first
 * that is there is the only one looked at: a bad token is not excused by a good one further down.
 */
export function presentedToken({ headers, query }: Handshake): string | undefined {
  const authorization = headerOf(headers, 'authorization')
  if (authorization !== undefined) return bearerToken(authorization)
  const offered = offeredProtocols(headers).find((protocol) => protocol.startsWith(BEARER_PROTOCOL))
  return offered?.slice(BEARER_PROTOCOL.length) ?? query?.['token']
}

/** The token of an `Authorization` header; one of another scheme counts as an empty token. RFC 6750, section 2.1. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? ''
}

export function offeredProtocols(headers: Handshake['headers']): readonly string[] {
  return (headerOf(headers, 'sec-websocket-protocol') ?? '').split(',').map((protocol) => protocol.trim())
}

export function headerOf(headers: Handshake['headers'], name: string): string | undefined {
  return Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]
}
