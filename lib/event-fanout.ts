import { Names } from 'aws-cdk-lib'
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { AccountLogRole } from './account-log-role.ts'
import { createDomains, type CustomDomains } from './custom-domain.ts'
import { DeadLetters, EventQueue } from './event-queue.ts'
import { EventRule } from './event-rule.ts'
import { createFunctions, type Functions } from './functions.ts'
import { FanoutHttpApi } from './http-api.ts'
import { observe } from './observability/observe.ts'
import type { AlarmName, EventFanoutProps } from './props.ts'
import { type Settings, settingsFrom } from './settings.ts'
import { ConnectionsTable, LogTable } from './tables.ts'
import { TokenKeys } from './token-keys.ts'
import { FanoutWebSocketApi } from './web-socket-api.ts'

/** What the functions are given rights on. */
interface Resources {
  readonly log: LogTable
  readonly connections: ConnectionsTable
  readonly queue: EventQueue
  readonly deadLetters: DeadLetters
  readonly sockets: FanoutWebSocketApi
  readonly keys: TokenKeys
}

/**
 * Business events reach everyone they concern: published over HTTP, SQS or EventBridge, pushed over WebSockets, kept
 * for whoever was offline.
 *
 *     const fanout = new EventFanout(this, 'Events')
 *     fanout.grantPublish(backend)
 */
export class EventFanout extends Construct {
  /** Where backends publish by IAM, see {@link grantPublish}. FIFO. */
  readonly queue: IQueue
  /** What can never be published, with the reason, and what failed ten times. FIFO, kept for 14 days. */
  readonly deadLetterQueue: IQueue
  /**
   * What EventBridge could not hand to the event function, and what the function failed at. A standard queue, kept for
   * 14 days; absent without `eventBridge`.
   */
  readonly undeliveredQueue?: IQueue
  readonly logTable: Table
  readonly connectionsTable: Table
  /** The HTTP API's URL, without a slash at the end. */
  readonly httpUrl: string
  /** What clients connect to: `wss://…`. */
  readonly webSocketUrl: string
  /** The functions by name, for alarms and dashboards of your own. */
  readonly functions: Functions
  /** What functions, queues and tables are watched by; empty with `alarms: false`. */
  readonly alarms: Readonly<Partial<Record<AlarmName, Alarm>>>
  /** Absent with `dashboard: false`. */
  readonly dashboard?: Dashboard
  /** The secret that signs tokens; absent with a `jwksUrl`. */
  readonly secret?: ISecret
  /** The custom domain names, with what their DNS records have to point to; absent without `domain`. */
  readonly domains?: CustomDomains
  readonly #queue: EventQueue

  constructor(scope: Construct, id: string, props: EventFanoutProps = {}) {
    super(scope, id)
    const settings = settingsFrom(props)
    const domains = props.domain && createDomains(this, props.domain)
    const resources = this.#createResources(settings)
    const functions = createFunctions(new Construct(this, 'Functions'), settings)
    configure(functions, settings)
    allow(functions, resources)
    resources.queue.feed(functions.event, settings.maxEventConcurrency)
    const undelivered =
      props.eventBridge &&
      new EventRule(this, 'EventBridge', functions.event, props.eventBridge, settings).undelivered
    if (undelivered) this.undeliveredQueue = undelivered

    const logRole = (props.accountLogRole ?? true) ? new AccountLogRole(this, 'AccountLogs') : undefined
    resources.sockets.route(functions)
    this.webSocketUrl = resources.sockets.deploy(settings, { domain: domains?.webSocket, logRole })
    const http = new FanoutHttpApi(this, 'Http', functions, settings, domains?.http)
    this.httpUrl = http.url
    const { alarms, dashboard } = observe(this, settings, {
      // Of the stack's name, so that two deployments of one account do not count together.
      service: Names.uniqueResourceName(this, { maxLength: 64, separator: '-' }),
      functions,
      queue: resources.queue,
      deadLetters: resources.deadLetters,
      undelivered,
      tables: [resources.log, resources.connections],
      httpApiId: http.apiId,
      webSocketApiId: resources.sockets.apiId,
    })
    this.alarms = alarms
    if (dashboard) this.dashboard = dashboard

    this.#queue = resources.queue
    this.queue = resources.queue
    this.deadLetterQueue = resources.deadLetters
    this.logTable = resources.log
    this.connectionsTable = resources.connections
    this.functions = functions
    if (domains) this.domains = domains
    if (resources.keys.secret) this.secret = resources.keys.secret
  }

  /** Lets somebody publish through the queue. */
  grantPublish(grantee: IGrantable): Grant {
    return this.#queue.grantPublish(grantee)
  }

  #createResources(settings: Settings): Resources {
    const deadLetters = new DeadLetters(this, 'DeadLetters', settings)
    return {
      log: new LogTable(this, 'Log', settings),
      connections: new ConnectionsTable(this, 'Connections', settings),
      deadLetters,
      queue: new EventQueue(this, 'Queue', deadLetters, settings),
      sockets: new FanoutWebSocketApi(this, 'WebSocket'),
      keys: new TokenKeys(this, 'TokenKeys', settings),
    }
  }
}

/** Variables that go with no resource. */
function configure(functions: Functions, settings: Settings): void {
  const { authorize, connect, message, event, publish, recent, inspect } = functions
  const { allowedOrigins, maxConnectionsPerUser, receiptDetail, retentionDays } = settings
  if (allowedOrigins) authorize.addEnvironment('ALLOWED_ORIGINS', allowedOrigins.join(','))
  for (const each of [connect, message]) {
    each.addEnvironment('MAX_CONNECTIONS_PER_USER', String(maxConnectionsPerUser))
  }
  for (const each of [event, publish]) each.addEnvironment('RECEIPT_DETAIL', receiptDetail)
  for (const each of [message, event, publish, recent, inspect]) {
    each.addEnvironment('RETENTION_DAYS', String(retentionDays))
  }
}

/** Every right that a function has, but for writing its log and being fed by the queue. */
function allow(functions: Functions, resources: Resources): void {
  const { authorize, publish, recent, inspect, disconnectUser } = functions
  allowTables(functions, resources)
  allowSockets(functions, resources)
  allowQueues(functions, resources)
  for (const each of [authorize, publish, recent, inspect, disconnectUser]) resources.keys.allow(each)
}

function allowTables(functions: Functions, { log, connections }: Resources): void {
  const { connect, disconnect, message, event, publish, recent, inspect, disconnectUser, health } = functions

  for (const each of [message, recent, inspect]) log.allow(each, 'Query', 'GetItem', 'PutItem')
  for (const each of [event, publish]) log.allow(each, 'Query', 'GetItem', 'PutItem', 'BatchWriteItem')
  log.allow(health, 'PutItem')

  connections.allow(connect, 'GetItem', 'UpdateItem')
  connections.allow(disconnect, 'UpdateItem')
  for (const each of [message, recent]) connections.allow(each, 'GetItem', 'UpdateItem', 'PutItem')
  for (const each of [event, publish]) connections.allow(each, 'BatchGetItem', 'UpdateItem')
  connections.allow(disconnectUser, 'GetItem', 'BatchGetItem', 'UpdateItem')
  connections.allow(inspect, 'Query', 'GetItem', 'BatchGetItem')
  connections.allow(health, 'GetItem', 'UpdateItem')
}

function allowSockets(functions: Functions, { sockets }: Resources): void {
  const { connect, message, event, publish, inspect, disconnectUser } = functions
  for (const each of [connect, message, event, publish, disconnectUser]) sockets.allow(each, 'POST', 'DELETE')
  sockets.allow(inspect, 'GET')
}

function allowQueues({ event, publish, health }: Functions, { queue, deadLetters }: Resources): void {
  queue.allow(publish, 'SendMessage')
  // After a failure the function gets its messages back in seconds, not after the queue's visibility timeout.
  queue.allow(event, 'ChangeMessageVisibility')
  queue.allow(health, 'GetQueueAttributes')
  deadLetters.allow(event, 'SendMessage')
  deadLetters.allow(health, 'GetQueueAttributes')
}
