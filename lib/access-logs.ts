import { ArnFormat, Aws, Fn, Names, Stack } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import type { IAccessLogSettings } from 'aws-cdk-lib/aws-apigatewayv2'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { Settings } from './settings.ts'

/** What is known of every request. No path, query or header: a token may be in them. */
const COMMON = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  routeKey: '$context.routeKey',
  status: '$context.status',
  error: '$context.error.message',
  integrationStatus: '$context.integration.status',
  integrationError: '$context.integration.error',
  integrationLatency: '$context.integration.latency',
}

/** Fields of API Gateway developer guide, page http-api-logging-variables. */
export const HTTP_ACCESS_LOG = { ...COMMON, latency: '$context.responseLatency' }

/** Fields of API Gateway developer guide, page websocket-api-logging. */
export const WEB_SOCKET_ACCESS_LOG = {
  ...COMMON,
  eventType: '$context.eventType',
  connectionId: '$context.connectionId',
  authorizerStatus: '$context.authorizer.status',
  authorizerError: '$context.authorizer.error',
  authorizerLatency: '$context.authorizer.latency',
}

export function accessLogs(
  scope: Construct,
  fields: Readonly<Record<string, string>>,
  { logRetention: retention, removalPolicy }: Settings,
): IAccessLogSettings {
  const logGroupName = vendedName(scope)
  const logGroup = new LogGroup(scope, 'AccessLogs', { logGroupName, retention, removalPolicy })
  return {
    destination: { bind: () => ({ destinationArn: arnOf(logGroup) }) },
    format: AccessLogFormat.custom(JSON.stringify(fields)),
  }
}

/** Without the `:*` of a log group's own ARN, which API Gateway drops: CloudFormation would always see a drift. */
function arnOf(logGroup: LogGroup): string {
  return Stack.of(logGroup).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: logGroup.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/**
 * Groups below `/aws/vendedlogs/` share one entry of the region's log resource policy; each other one adds its own,
 * and when its 5,120 characters are full no further stage can be deployed (CloudWatch Logs user guide, page
 * AWS-logs-and-resource-policy). The stack's id makes the name unique, also after a stack of the same name whose logs
 * were retained.
 */
function vendedName(scope: Construct): string {
  const unique = Names.uniqueResourceName(scope, { maxLength: 100, separator: '-' })
  return `/aws/vendedlogs/apigateway/${unique}-${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`
}
