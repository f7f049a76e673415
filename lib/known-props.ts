import type { EventFanoutProps } from './props.ts'

const KNOWN: Readonly<Record<keyof EventFanoutProps, true>> = {
  jwt: true,
  retention: true,
  allowedOrigins: true,
  maxConnectionsPerUser: true,
  receiptDetail: true,
  removalPolicy: true,
  pointInTimeRecovery: true,
  metrics: true,
  alarms: true,
  dashboard: true,
  logRetention: true,
  logLevel: true,
  httpThrottle: true,
  healthThrottle: true,
  webSocketThrottle: true,
  memorySizes: true,
  maxEventConcurrency: true,
  eventBridge: true,
  domain: true,
  accountLogRole: true,
}

/**
 * TypeScript finds what is misspelled or in the wrong place; JavaScript would go on without it, and verify tokens by a
 * generated secret because `jwksUrl` is not inside `jwt`.
 *
 * @throws if a prop is not known
 */
export function refuseUnknownProps(props: EventFanoutProps): void {
  const unknown = Object.keys(props).find((name) => !Object.hasOwn(KNOWN, name))
  if (unknown === undefined) return
  throw new Error(`EventFanout has no prop ${unknown}; it has ${Object.keys(KNOWN).join(', ')}`)
}

/** Those of a stack's props that are the construct's as well. */
export function fanoutPropsOf<P extends object>(props: P): Pick<P, keyof P & keyof EventFanoutProps> {
  const known = Object.entries(props).filter(([name]) => Object.hasOwn(KNOWN, name))
  return Object.fromEntries(known) as Pick<P, keyof P & keyof EventFanoutProps>
}
