/**
 * What AWS, or this stack itself, allows before somebody raises it. Each value is from the page that it names, as read in
 * November 2026; those that vary by region are us-east-1's.
 */
import type { Assumptions } from './assumptions.ts'
import { loadAt, type Load } from './model.ts'

export interface Quota {
  readonly name: string
  /** Of what it is: another stack, table or account has one of its own. */
  readonly of: 'stack' | 'table' | 'account'
  readonly value: number
  /** How it is raised; `undefined` if it cannot be. */
  readonly raisedBy: string | undefined
  readonly source: string
  /** How much of it a load takes. */
  readonly load: (load: Load) => number
}

const GATEWAY = 'API Gateway developer guide'
const SERVICE_QUOTAS = 'Service Quotas'

export const QUOTAS: readonly Quota[] = [
  {
    name: "This stack's messages and handshakes a second",
    of: 'stack',
    value: 2000,
    raisedBy: 'the property `webSocketThrottle`',
    source: 'lib/settings.ts',
    load: ({ messagesIn, work }) => messagesIn + work.connects,
  },
  {
    name: "This stack's HTTP requests a second",
    of: 'stack',
    value: 1000,
    raisedBy: 'the property `httpThrottle`',
    source: 'lib/settings.ts',
    load: ({ work }) => work.polls,
  },
  {
    name: 'API Gateway: requests a second of an account, posts included',
    of: 'account',
    value: 10_000,
    raisedBy: SERVICE_QUOTAS,
    source: `${GATEWAY}, page limits (2,500 in some regions; bursts of half as many)`,
    load: ({ gatewayRequests }) => gatewayRequests,
  },
  {
    name: 'API Gateway: new connections a second of an account',
    of: 'account',
    value: 500,
    raisedBy: SERVICE_QUOTAS,
    source: `${GATEWAY}, page apigateway-execution-service-websocket-limits-table`,
    load: ({ work }) => work.connects,
  },
  {
    name: 'API Gateway: new connections a second, all back within 5 minutes after an outage',
    of: 'account',
    value: 500,
    raisedBy: SERVICE_QUOTAS,
    source: `${GATEWAY}, page apigateway-execution-service-websocket-limits-table`,
    load: ({ storm }) => storm.connects,
  },
  {
    name: "This stack's HTTP requests a second, while nobody has a connection",
    of: 'stack',
    value: 1000,
    raisedBy: 'the property `httpThrottle`, or not: who is refused asks less often',
    source: 'lib/settings.ts',
    load: ({ storm }) => storm.polls,
  },
  {
    name: 'Lambda: functions at work at once',
    of: 'account',
    value: 1000,
    raisedBy: SERVICE_QUOTAS,
    source: 'Lambda developer guide, page gettingstarted-limits (new accounts have fewer)',
    load: ({ totalConcurrency }) => totalConcurrency,
  },
  {
    name: 'Lambda: invocations a second, ten for each of those',
    of: 'account',
    value: 10_000,
    raisedBy: `${SERVICE_QUOTAS}, by the one above`,
    source: 'Lambda developer guide, page gettingstarted-limits, "Lambda API requests"',
    load: ({ invocations }) => invocations,
  },
  {
    name: 'Lambda: batches of one queue at work at once',
    of: 'table',
    value: 1250,
    raisedBy: 'AWS Support, or provisioned pollers',
    source: 'Lambda developer guide, page services-sqs-scaling',
    load: ({ concurrency }) => concurrency.event ?? 0,
  },
  {
    name: 'DynamoDB: write units a second that a new table takes, log',
    of: 'table',
    value: 4000,
    raisedBy: 'traffic, to the double within 30 minutes; or warm throughput',
    source: 'DynamoDB developer guide, page on-demand-capacity-mode',
    load: ({ tables }) => tables.log.writes,
  },
  {
    name: 'DynamoDB: write units a second that a new table takes, connections',
    of: 'table',
    value: 4000,
    raisedBy: 'traffic, to the double within 30 minutes; or warm throughput',
    source: 'DynamoDB developer guide, page on-demand-capacity-mode',
    load: ({ tables }) => tables.connections.writes,
  },
  {
    name: 'DynamoDB: read units a second that a new table takes, log',
    of: 'table',
    value: 12_000,
    raisedBy: 'traffic, to the double within 30 minutes; or warm throughput',
    source: 'DynamoDB developer guide, page on-demand-capacity-mode',
    load: ({ tables }) => tables.log.reads,
  },
  {
    name: 'DynamoDB: read units a second that a new table takes, connections',
    of: 'table',
    value: 12_000,
    raisedBy: 'traffic, to the double within 30 minutes; or warm throughput',
    source: 'DynamoDB developer guide, page on-demand-capacity-mode',
    load: ({ tables }) => tables.connections.reads,
  },
  {
    name: 'DynamoDB: write units a second of one table',
    of: 'table',
    value: 40_000,
    raisedBy: SERVICE_QUOTAS,
    source: 'DynamoDB developer guide, page ServiceQuotas',
    load: ({ tables }) => Math.max(tables.log.writes, tables.connections.writes),
  },
  {
    name: 'DynamoDB: read units a second of one table',
    of: 'table',
    value: 40_000,
    raisedBy: SERVICE_QUOTAS,
    source: 'DynamoDB developer guide, page ServiceQuotas',
    load: ({ tables }) => Math.max(tables.log.reads, tables.connections.reads),
  },
  {
    name: 'SQS FIFO: calls a second of one kind, with high throughput',
    of: 'table',
    value: 70_000,
    raisedBy: SERVICE_QUOTAS,
    source: 'SQS developer guide, page quotas-messages (2,400 in some regions)',
    load: ({ queueCalls }) => queueCalls,
  },
  {
    name: 'SQS FIFO: messages in flight',
    of: 'table',
    value: 120_000,
    raisedBy: 'AWS Support',
    source: 'SQS developer guide, page quotas-fifo',
    load: ({ queueInFlight }) => queueInFlight,
  },
]

/** How many users fill a quota: every load grows in proportion to them. */
export function crossingOf({ value, load }: Quota, assumed: Assumptions): number {
  const perUser = load(loadAt(1, assumed))
  return perUser > 0 ? value / perUser : Infinity
}

/** In how many accounts or regions so many users fit, where no quota is raised. */
export function accountsFor(users: number, assumed: Assumptions): number {
  const load = loadAt(users, assumed)
  const factors = QUOTAS.filter(({ of }) => of === 'account').map((quota) => quota.load(load) / quota.value)
  return Math.ceil(Math.max(...factors))
}
