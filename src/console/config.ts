/** What the page has to know of its server: the answer to `GET /console/config`. */
export interface Config {
  readonly httpUrl: string
  readonly wsUrl: string
  /** Why the server gives the page no tokens; `undefined` if it does. */
  readonly whyNoTokens: string | undefined
  /** Whether the server lets pages of this origin open a WebSocket. */
  readonly originAllowed: boolean
}

/** @throws Error that says what is wrong, if the server has no such answer */
export async function fetchConfig(): Promise<Config> {
  const response = await fetch('/console/config')
  if (!response.ok) throw new Error(`GET /console/config is answered with ${response.status}`)
  const { wsPort, whyNoTokens, originAllowed } = (await response.json()) as Readonly<Record<string, unknown>>
  if (typeof wsPort !== 'number') throw new Error(`GET /console/config has no wsPort`)
  return {
    httpUrl: location.origin,
    // By the name under which the page was opened: a server on this machine has several.
    wsUrl: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.hostname}:${wsPort}`,
    whyNoTokens: typeof whyNoTokens === 'string' ? whyNoTokens : undefined,
    originAllowed: originAllowed !== false,
  }
}
