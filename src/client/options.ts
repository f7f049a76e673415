/** The part of the WebSocket interface that is used: browsers, React Native and `ws` all have it. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: { readonly headers: Readonly<Record<string, string>>; readonly signal: never },
) => Promise<{ readonly status: number; json(): Promise<unknown> }>

/** `localStorage`, `sessionStorage`, React Native's `AsyncStorage`, or an object of one's own. */
export interface Storage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>
  setItem(key: string, value: string): unknown
}

export interface ConnectOptions {
  /** Where the WebSocket is, as `wss://events.example.com` or, on AWS, `wss://….amazonaws.com/v1`. */
  readonly url: string
  /** Where HTTP is, as `https://events.example.com`: polled while no WebSocket is to be had, and asked why a handshake was refused. */
  readonly httpUrl: string
  /**
   * Gives a token of the user: a JSON Web Token. Called whenever one is needed and the last has ended or is about to. With `renew`
   * the last one was refused or is about to end, so one from a cache will not do. A rejection counts as "none now" and is tried
   * again.
   */
  readonly getToken: (hint: { readonly renew: boolean }) => string | Promise<string>
  /**
   * Where the cursor is kept, so that a restart goes on where it was; by default in memory. In browsers each tab keeps its own in
   * `sessionStorage` as well, which survives a reload and goes first. See `docs/client.md`, "Storage".
   */
  readonly storage?: Storage
  /** Names this device in receipts: 1 to 128 characters. By default a random name, kept in `storage`, one per tab. */
  readonly device?: string
  /** Where to start if no cursor is kept: after this offset; 0 is everything that the server keeps. By default: now. */
  readonly from?: number
  /** Milliseconds between two polls while there is no socket. @default 5000 */
  readonly pollInterval?: number
  /** Milliseconds between two pings; the server closes a connection without messages after 10 minutes. @default 60000 */
  readonly pingInterval?: number
  /** Told in one line each what an operator would want to know, as `connected`, `resumed 3 events`. Never holds a token. */
  readonly log?: (line: string) => void
  /** Where the platform has none, as Node 20: `import { WebSocket } from 'ws'`. */
  readonly WebSocket?: WebSocketConstructor
  /** By default the platform's. */
  readonly fetch?: Fetch
}
