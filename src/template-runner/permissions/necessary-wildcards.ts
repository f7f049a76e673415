import { hasWildcard, matchesAction } from './wildcards.ts'

/** Parts of resources that no policy can name beforehand. */
const NECESSARY = [
  {
    // Connection ids come and go. Source: API Gateway developer guide, apigateway-websocket-control-access-iam.
    action: 'execute-api:ManageConnections',
    part: /\/@connections\/\*$/,
  },
  {
    // Lambda names the log streams. Source: CloudWatch Logs user guide, iam-access-control-overview-cwl.
    action: 'logs:*',
    part: /(?<=:log-group:[^:]+)(:log-stream)?:\*$/,
  },
  {
    // X-Ray has no resources to name for these. Source: service authorization reference, AWS X-Ray.
    action: 'xray:Put*',
    part: /^\*$/,
  },
]

/** Whether a resource of a statement has a wildcard where a name could stand. */
export function isWiderThanNecessary(action: string, resource: string): boolean {
  const fitting = NECESSARY.filter((necessary) => matchesAction(necessary.action, action))
  const rest = fitting.reduce((left, { part }) => left.replace(part, ''), resource)
  return hasWildcard(rest)
}
