import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { DomainByName, EventBridgeByName, EventFanoutStackProps } from './event-fanout-stack.ts'
import { LOG_LEVELS, RECEIPT_DETAILS } from './props.ts'

/** A CDK context value by its name, as `app.node.tryGetContext` gives it. */
type Get = (name: string) => unknown

type Read = (name: string) => string | undefined

/**
 * The stack's configuration from CDK context values, see `bin/app.ts` for the list.
 *
 * @throws if a value cannot be used; the message names it, its value and what would do
 */
export function readContext(get: Get): EventFanoutStackProps {
  const read: Read = (name) => textOf(name, get(name))
  const retentionDays = numberOf(read, 'retentionDays')
  return {
    ...defined({
      stackName: read('stackName'),
      jwksUrl: read('jwksUrl'),
      jwtSecretArn: read('jwtSecretArn'),
      jwtSecretKeyArn: read('jwtSecretKeyArn'),
      issuer: read('issuer'),
      audience: read('audience'),
      retention: retentionDays === undefined ? undefined : Duration.days(retentionDays),
      allowedOrigins: listOf(read, 'allowedOrigins'),
      maxConnectionsPerUser: numberOf(read, 'maxConnectionsPerUser'),
      receiptDetail: oneOf(read, 'receiptDetail', RECEIPT_DETAILS),
      maxEventConcurrency: numberOf(read, 'maxEventConcurrency'),
      metrics: flagOf(read, 'metrics'),
      alarms: flagOf(read, 'alarms') === false ? false : undefined,
      alarmTopicArn: read('alarmTopicArn'),
      dashboard: flagOf(read, 'dashboard'),
      logLevel: oneOf(read, 'logLevel', LOG_LEVELS),
      removalPolicy: removalPolicyOf(read),
      accountLogRole: flagOf(read, 'accountLogRole'),
      domain: domainOf(read),
      eventBridge: eventBridgeOf(read),
    }),
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the properties that are not set. */
function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}

/** From the command line every value is text; `cdk.json` may hold numbers, flags and lists as well. */
function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (Array.isArray(value)) return value.map(String).join(',')
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  throw new Error(
    `context value ${name} is ${JSON.stringify(value)}; it must be text, a number, a flag or a list`,
  )
}

function numberOf(read: Read, name: string): number | undefined {
  const text = read(name)
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Error(`context value ${name} is "${text}"; it must be a whole number`)
}

function listOf(read: Read, name: string): string[] | undefined {
  const text = read(name)
  const items = text?.split(',').map((item) => item.trim())
  if (items?.includes('') !== true) return items
  throw new Error(`context value ${name} is "${text}"; between the commas there must be something`)
}

function oneOf<T extends string>(read: Read, name: string, values: readonly T[]): T | undefined {
  const text = read(name)
  if (text === undefined) return undefined
  const value = values.find((candidate) => candidate === text)
  if (value !== undefined) return value
  throw new Error(`context value ${name} is "${text}"; it must be one of ${values.join(', ')}`)
}

function flagOf(read: Read, name: string): boolean | undefined {
  const flag = oneOf(read, name, ['true', 'false'])
  return flag && flag === 'true'
}

function removalPolicyOf(read: Read): RemovalPolicy | undefined {
  const policy = oneOf(read, 'removalPolicy', ['retain', 'destroy'])
  return policy && { retain: RemovalPolicy.RETAIN, destroy: RemovalPolicy.DESTROY }[policy]
}

function domainOf(read: Read): DomainByName | undefined {
  const httpDomainName = read('domainName')
  const webSocketDomainName = read('webSocketDomainName')
  const certificateArn = read('certificateArn')
  const zone = zoneOf(read)
  const given = [httpDomainName, webSocketDomainName, certificateArn, zone]
  if (given.every((value) => value === undefined)) return undefined
  if (httpDomainName !== undefined && webSocketDomainName !== undefined && certificateArn !== undefined) {
    return { httpDomainName, webSocketDomainName, certificateArn, ...(zone && { hostedZone: zone }) }
  }
  const missing = Object.entries({ domainName: httpDomainName, webSocketDomainName, certificateArn })
    .filter(([, value]) => value === undefined)
    .map(([name]) => name)
  throw new Error(
    `a custom domain needs domainName, webSocketDomainName and certificateArn; missing is ${missing.join(', ')}`,
  )
}

function zoneOf(read: Read): DomainByName['hostedZone'] {
  const hostedZoneId = read('hostedZoneId')
  const zoneName = read('hostedZoneName')
  if (hostedZoneId !== undefined && zoneName !== undefined) return { hostedZoneId, zoneName }
  if (hostedZoneId === undefined && zoneName === undefined) return undefined
  throw new Error('a hosted zone needs hostedZoneId and hostedZoneName; set both, or neither')
}

function eventBridgeOf(read: Read): EventBridgeByName | undefined {
  const eventBusName = read('eventBusName')
  const source = listOf(read, 'eventSources')
  const detailType = listOf(read, 'eventDetailTypes')
  if (!source && !detailType) {
    if (eventBusName === undefined) return undefined
    throw new Error(
      `eventBusName is "${eventBusName}", but not which of its events to publish; set eventSources or eventDetailTypes`,
    )
  }
  return {
    ...(eventBusName !== undefined && { eventBusName }),
    eventPattern: { ...(source && { source }), ...(detailType && { detailType }) },
  }
}
