import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib'
import type { ThrottleSettings } from 'aws-cdk-lib/aws-apigatewayv2'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { FUNCTION_NAMES, type FunctionName } from './function-settings.ts'
import { refuseUnknownProps } from './known-props.ts'
import { ALARM_NAMES } from './observability/alarm-names.ts'
import {
  type AlarmOptions,
  type EventFanoutProps,
  type JwtOptions,
  LOG_LEVELS,
  type LogLevel,
  RECEIPT_DETAILS,
  type ReceiptDetail,
} from './props.ts'

/** The props with their defaults, checked. */
export interface Settings {
  readonly jwt: JwtOptions
  readonly retentionDays: number
  readonly allowedOrigins: readonly string[] | undefined
  readonly maxConnectionsPerUser: number
  readonly receiptDetail: ReceiptDetail
  readonly removalPolicy: RemovalPolicy
  readonly pointInTimeRecovery: boolean
  readonly metrics: boolean
  readonly alarms: AlarmOptions | false
  readonly dashboard: boolean
  readonly logRetention: RetentionDays
  readonly logLevel: LogLevel
  readonly httpThrottle: ThrottleSettings
  readonly healthThrottle: ThrottleSettings
  readonly webSocketThrottle: ThrottleSettings
  readonly memorySizes: Readonly<Partial<Record<FunctionName, number>>>
  readonly maxEventConcurrency: number | undefined
}

// Some regions allow an account 2,500 requests a second in bursts of 1,250, against 10,000 and 5,000 elsewhere
// (API Gateway developer guide, page limits), and the pushes count against them, too.
const HTTP_THROTTLE = { rateLimit: 1000, burstLimit: 500 }
const WEB_SOCKET_THROTTLE = { rateLimit: 2000, burstLimit: 1000 }
// Uptime checks from every region at once ask a few times a second.
const HEALTH_THROTTLE = { rateLimit: 10, burstLimit: 20 }

/** A user's connections are attributes of one DynamoDB item, which holds 400 KB: 900 with the longest names of devices. */
const MOST_CONNECTIONS = 500

/** @throws if a prop cannot be used; the message names it, its value and what would do */
export function settingsFrom(props: EventFanoutProps): Settings {
  refuseUnknownProps(props)
  const { maxEventConcurrency, memorySizes = {} } = props
  checkMemorySizes(memorySizes)
  if (maxEventConcurrency !== undefined) wholeNumber('maxEventConcurrency', maxEventConcurrency, 2, 1000)
  return {
    jwt: checkedJwt(props.jwt ?? {}),
    retentionDays: retentionDaysFrom(props.retention ?? Duration.days(30)),
    allowedOrigins: props.allowedOrigins && checkedOrigins(props.allowedOrigins),
    maxConnectionsPerUser: wholeNumber(
      'maxConnectionsPerUser',
      props.maxConnectionsPerUser ?? 20,
      1,
      MOST_CONNECTIONS,
    ),
    receiptDetail: oneOf('receiptDetail', props.receiptDetail ?? 'deliveries', RECEIPT_DETAILS),
    removalPolicy: checkedRemovalPolicy(props.removalPolicy ?? RemovalPolicy.RETAIN),
    pointInTimeRecovery: props.pointInTimeRecovery ?? true,
    metrics: props.metrics ?? true,
    alarms: checkedAlarms(props.alarms ?? {}),
    dashboard: props.dashboard ?? true,
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    logLevel: oneOf('logLevel', props.logLevel ?? 'info', LOG_LEVELS),
    httpThrottle: checkedThrottle('httpThrottle', { ...HTTP_THROTTLE, ...props.httpThrottle }),
    healthThrottle: checkedThrottle('healthThrottle', { ...HEALTH_THROTTLE, ...props.healthThrottle }),
    webSocketThrottle: checkedThrottle('webSocketThrottle', {
      ...WEB_SOCKET_THROTTLE,
      ...props.webSocketThrottle,
    }),
    memorySizes,
    maxEventConcurrency,
  }
}

function checkedJwt(jwt: JwtOptions): JwtOptions {
  // The type rules it out, but not for those who write JavaScript.
  const { secret, jwksUrl }: { readonly secret?: unknown; readonly jwksUrl?: string } = jwt
  if (secret !== undefined && jwksUrl !== undefined) {
    throw new Error('jwt has both secret and jwksUrl; keep the one that your tokens are signed for')
  }
  if (jwt.issuer === '') throw new Error('jwt.issuer is ""; leave it out to accept every issuer')
  if (jwt.audience === '') throw new Error('jwt.audience is ""; leave it out to accept every audience')
  // Keys fetched without TLS could be anybody's. A URL with a token in it, such as a user pool's id, is not known yet.
  if (jwksUrl === undefined || Token.isUnresolved(jwksUrl) || isHttps(jwksUrl)) return jwt
  throw new Error(`jwt.jwksUrl is "${jwksUrl}"; it must be an https URL`)
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:'
}

function retentionDaysFrom(retention: Duration): number {
  return wholeNumber('retention in days', retention.toDays({ integral: false }), 1, 3650)
}

function checkedOrigins(origins: readonly string[]): readonly string[] {
  if (origins.length === 0) {
    throw new Error('allowedOrigins is empty, which would shut out every browser; leave it out to allow all')
  }
  const wrong = origins.find((origin) => !Token.isUnresolved(origin) && !isOrigin(origin))
  if (wrong === undefined) return origins
  throw new Error(
    `allowedOrigins holds "${wrong}"; an origin looks like https://app.example.com, without a path. To allow all, leave allowedOrigins out`,
  )
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function checkedRemovalPolicy(policy: RemovalPolicy): RemovalPolicy {
  if (policy !== RemovalPolicy.SNAPSHOT) return policy
  throw new Error(
    'removalPolicy is SNAPSHOT, which DynamoDB and SQS do not have; use RETAIN (and back up the table) or DESTROY',
  )
}

/** The type says so, but not to those who write JavaScript. */
function oneOf<T extends string>(name: string, value: string, values: readonly T[]): T {
  const known = values.find((candidate) => candidate === value)
  if (known !== undefined) return known
  throw new Error(`${name} is "${value}"; it must be one of ${values.join(', ')}`)
}

function checkedThrottle(name: string, throttle: ThrottleSettings): ThrottleSettings {
  for (const limit of ['rateLimit', 'burstLimit'] as const) {
    wholeNumber(`${name}.${limit}`, throttle[limit] ?? 0, 1, 1_000_000)
  }
  return throttle
}

function checkedAlarms(alarms: AlarmOptions | false): AlarmOptions | false {
  const thresholds: Readonly<Record<string, number>> = alarms === false ? {} : (alarms.thresholds ?? {})
  for (const [name, threshold] of Object.entries(thresholds)) {
    if (!ALARM_NAMES.some((known) => known === name)) {
      throw new Error(`alarms.thresholds names "${name}"; the alarms are ${ALARM_NAMES.join(', ')}`)
    }
    if (Number.isFinite(threshold) && threshold >= 0) continue
    throw new Error(`alarms.thresholds["${name}"] is ${threshold}; it must be a number from 0`)
  }
  return alarms
}

function checkMemorySizes(sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!FUNCTION_NAMES.some((known) => known === name)) {
      throw new Error(`memorySizes names "${name}"; the functions are ${FUNCTION_NAMES.join(', ')}`)
    }
    wholeNumber(`memorySizes.${name}`, size, 128, 10_240)
  }
}

function wholeNumber(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new Error(`${name} is ${value}; it must be a whole number from ${min} to ${max}`)
}
