/** The ways in which a screen can fail to update, and what names each: the table of docs/why.md, which a test compares. */
export const WAYS = [
  { way: 'server down', asked: 'doctor', named: 'server_down' },
  { way: 'Redis message lost', asked: 'doctor', named: 'redis_nobody_listens' },
  { way: 'wrong role', asked: 'why', named: 'not_a_recipient' },
  { way: 'no such recipient', asked: 'why', named: 'never_seen' },
  { way: 'stale connection', asked: 'why', named: 'dead_socket' },
  { way: 'token expired', asked: 'why', named: 'token_expired' },
  { way: 'phone asleep', asked: 'why', named: 'no_device_connected' },
  { way: 'handler throws', asked: 'why', named: 'handler_threw' },
  { way: 'event too large', asked: 'why', named: 'refused' },
  { way: 'throttled', asked: 'why', named: 'throttled' },
  { way: 'publisher never retried', asked: 'why', named: 'publish_interrupted' },
  { way: 'log expired', asked: 'why', named: 'expired' },
  { way: 'polling blocked', asked: 'doctor', named: 'polling_blocked' },
  { way: 'clock wrong', asked: 'doctor', named: 'clock_wrong' },
] as const

export type Way = (typeof WAYS)[number]['way']

/** What `fanout why` or `fanout doctor` has to answer. */
export function nameOf(way: Way): string {
  return WAYS.find((one) => one.way === way)?.named ?? ''
}
