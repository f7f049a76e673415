import type { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { ThrottleSettings } from 'aws-cdk-lib/aws-apigatewayv2'
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch'
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager'
import type { EventPattern, IEventBus } from 'aws-cdk-lib/aws-events'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IHostedZone } from 'aws-cdk-lib/aws-route53'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { FunctionName } from './function-settings.ts'
import type { AlarmName } from './observability/alarm-names.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const RECEIPT_DETAILS = ['deliveries', 'counts'] as const
export type ReceiptDetail = (typeof RECEIPT_DETAILS)[number]

/** Every token must have been issued by, and for, these. */
export interface TokenClaims {
  /** The `iss` that a token must have. @default any */
  readonly issuer?: string
  /** The `aud` that a token must have, or have among others. @default any */
  readonly audience?: string
}

/** Tokens signed with HS256 by one secret that your backend shares. */
export interface SharedSecret extends TokenClaims {
  /**
   * The secret; its whole value is the key, at least 32 bytes of text.
   *
   * @default one is generated; read its value with the ARN in the property `secret`
   */
  readonly secret?: ISecret
  readonly jwksUrl?: never
}

/** Tokens of an OpenID Connect issuer such as Cognito or Auth0, signed with RS256, ES256 or EdDSA. */
export interface JwksIssuer extends TokenClaims {
  /** Where the issuer publishes its keys, an https URL, such as `https://…/.well-known/jwks.json`. */
  readonly jwksUrl: string
  readonly secret?: never
}

export type JwtOptions = SharedSecret | JwksIssuer

/** API Gateway cannot serve an HTTP API and a WebSocket API under one name, so there are two. */
export interface DomainOptions {
  /** Such as `events.example.com`. */
  readonly httpDomainName: string
  /** Such as `live.example.com`. */
  readonly webSocketDomainName: string
  /** Valid for both names, and from the region of the stack. */
  readonly certificate: ICertificate
  /**
   * The zone of both names, in which alias records are made.
   *
   * @default no records: point the names at the two API Gateway domain names yourself
   */
  readonly hostedZone?: IHostedZone
}

export interface EventBridgeOptions {
  /** @default the account's default bus */
  readonly eventBus?: IEventBus
  /** Which events to take. Their `detail` is what gets published. */
  readonly eventPattern: EventPattern
}

export type { AlarmName } from './observability/alarm-names.ts'

export interface AlarmOptions {
  /**
   * What is done when an alarm goes off, and again when it is over, such as `new SnsAction(topic)`.
   *
   * @default nothing: the alarms are seen in CloudWatch alone
   */
  readonly actions?: readonly IAlarmAction[]
  /**
   * Thresholds of your own, by the alarm's name: above them it goes off. The pages of docs/runbook say what they count, and why
   * the defaults are what they are.
   *
   * @default those of the runbook
   */
  readonly thresholds?: Readonly<Partial<Record<AlarmName, number>>>
  /**
   * Where the pages of the runbook are, for the descriptions of the alarms: `https://wiki.example.com/runbook`.
   *
   * @default docs/runbook, as in the package
   */
  readonly runbookUrl?: string
}

export interface EventFanoutProps {
  /**
   * How client tokens are verified.
   *
   * @default HS256 by a generated secret
   */
  readonly jwt?: JwtOptions
  /**
   * How long an event can be read after it was published: whole days, from 1 to 3650.
   *
   * @default 30 days
   */
  readonly retention?: Duration
  /**
   * Origins whose pages may use the APIs, such as `https://app.example.com`.
   *
   * @default every origin (a token is needed all the same)
   */
  readonly allowedOrigins?: readonly string[]
  /**
   * How many connections one user can have; with one more, the oldest is closed. From 1 to 500.
   *
   * @default 20
   */
  readonly maxConnectionsPerUser?: number
  /**
   * How much the receipt of an event tells of its pushes: `deliveries`, each with its connection, outcome and time; or
   * `counts`, how many had which outcome, which costs less where an event goes to many connections (docs/costs.md).
   *
   * @default 'deliveries'
   */
  readonly receiptDetail?: ReceiptDetail
  /**
   * What becomes of tables, queues, the generated secret and logs when they leave the stack.
   *
   * - RETAIN keeps them, also those of a first deployment that failed, which are of no more use. The tables are
   *   protected against deletion by anybody. A deployment that is told to roll back even what is retained
   *   (CloudFormation's option `RetainExceptOnCreate`; `cdk deploy` does not set it) fails at that protection.
   * - RETAIN_ON_UPDATE_OR_DELETE keeps them, too, but a first deployment that fails takes them along. The tables are
   *   not protected against deletion, which would be in the way of that.
   * - DESTROY deletes them with the stack, the data included.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy
  /**
   * Whether the log table can be restored to any second of the last 35 days.
   *
   * @default true
   */
  readonly pointInTimeRecovery?: boolean
  /**
   * Whether the functions count what they do, as CloudWatch metrics in the namespace `event-fanout`. Each metric costs $0.30 a month, for the
   * hours in which it counts something: some 15 of them where all is well. See docs/metrics.md.
   *
   * @default true
   */
  readonly metrics?: boolean
  /**
   * Alarms for what somebody has to do something about, each with a page in docs/runbook. CloudWatch takes $0.10 a month for each
   * metric that an alarm looks at: $3.00 for all, $3.10 with `eventBridge`.
   *
   * @default all, and nobody is told; see {@link AlarmOptions.actions}
   */
  readonly alarms?: AlarmOptions | false
  /**
   * A CloudWatch dashboard, which costs $3 a month, unless it is among the account's first three.
   *
   * @default true
   */
  readonly dashboard?: boolean
  /**
   * How long log lines are kept: the functions' and the APIs' access logs.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays
  /** @default 'info' */
  readonly logLevel?: LogLevel
  /**
   * Requests a second that the HTTP API lets through; above them it answers 429.
   *
   * @default 1000, in bursts of 500
   */
  readonly httpThrottle?: ThrottleSettings
  /**
   * Requests a second to `GET /health`, which takes no token, and makes five or six calls to other services. What comes above
   * them is answered with 429, and takes nothing from the other routes' throttle.
   *
   * @default 10, in bursts of 20
   */
  readonly healthThrottle?: ThrottleSettings
  /**
   * Messages a second that the WebSocket API takes from all its clients, new connections included.
   *
   * @default 2000, in bursts of 1000, which leaves most of the account's 10,000 for the pushes
   */
  readonly webSocketThrottle?: ThrottleSettings
  /**
   * Memory of single functions, in MiB. Their share of a CPU grows with it.
   *
   * @default 256; `event` and `publish` 512
   */
  readonly memorySizes?: Readonly<Partial<Record<FunctionName, number>>>
  /**
   * How many batches of the queue are worked on at once, from 2 to 1000.
   *
   * @default as many as Lambda sees fit
   */
  readonly maxEventConcurrency?: number
  /**
   * Publishes what an EventBridge bus carries.
   *
   * @default none
   */
  readonly eventBridge?: EventBridgeOptions
  /**
   * Names of your own for the two APIs.
   *
   * @default the names that API Gateway gives
   */
  readonly domain?: DomainOptions
  /**
   * Whether to give API Gateway the role by which WebSocket APIs write access logs. It is one setting of the account
   * and region; without it the deployment fails. It replaces the role that is set, and stays when the stack goes.
   * Say `false` if your account has one.
   *
   * @default true
   */
  readonly accountLogRole?: boolean
}
