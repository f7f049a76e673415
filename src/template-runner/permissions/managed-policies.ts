import { TemplateError } from '../template-error.ts'
import { parsePolicyDocument, type Statement } from './statements.ts'

const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']

/**
 * What AWS's own managed policies allow, of those understood here: no template contains their text.
 * Source: the AWS managed policy reference guide, the page of each name.
 */
const ALLOWED = new Map<string, readonly string[]>([
  ['service-role/AWSLambdaBasicExecutionRole', LOGS],
  [
    'service-role/AWSLambdaSQSQueueExecutionRole',
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', ...LOGS],
  ],
  [
    'AWSXRayDaemonWriteAccess',
    [
      ...['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules'],
      ...['xray:GetSamplingTargets', 'xray:GetSamplingStatisticSummaries'],
    ],
  ],
])

/** @param arn of a policy that AWS maintains, such as `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`. */
export function awsManagedStatements(arn: string, role: string): Statement[] {
  const name = /^arn:[\w-]+:iam::aws:policy\/(.+)$/.exec(arn)?.[1]
  const actions = name === undefined ? undefined : ALLOWED.get(name)
  if (name === undefined || actions === undefined)
    throw new TemplateError(
      `Role ${role} has the managed policy ${arn}, whose text is neither in the template nor known here. ` +
        `Known: ${[...ALLOWED.keys()].join(', ')}. Add it to managed-policies.ts, or write what is needed as a policy.`,
    )
  const document = { Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] }
  return parsePolicyDocument(document, `AWS managed policy ${name}`)
}
