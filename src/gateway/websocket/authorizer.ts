import type { AuthorizerContext } from './events.ts'
import type { LambdaHandler, Outcome } from '../lambda.ts'
import { isAllowed, readPolicy } from './policy.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** A REQUEST authorizer: API Gateway developer guide, page apigateway-websocket-api-lambda-auth. */
export interface AuthorizerOptions {
  handler: LambdaHandler
  /**
   * `route.request.header.Name` or `route.request.querystring.name`. When one of them is missing or empty the client
   * gets 401 without the function having run.
   *
   * @default none: the function always runs
   */
  identitySources?: readonly string[]
}

export type Authorization =
  { status: 200; context: AuthorizerContext } | { status: 401 | 403 | 500; why: string }

/** Whether a request has a non-empty value for every identity source. */
export type HasIdentity = (request: UpgradeRequest) => boolean

/** @throws TypeError when a source has another form */
export function compileIdentitySources(sources: readonly string[]): HasIdentity {
  const lookups = sources.map(compileIdentitySource)
  return (request) => lookups.every((lookup) => Boolean(lookup(request)))
}

function compileIdentitySource(source: string): (request: UpgradeRequest) => string | undefined {
  const [, place, name] = /^route\.request\.(header|querystring)\.(.+)$/.exec(source) ?? []
  if (place === undefined || name === undefined) {
    throw new TypeError(
      `identity source ${JSON.stringify(source)}: use route.request.header.Name or route.request.querystring.name`,
    )
  }
  if (place === 'querystring') return ({ query }) => valueOf(query?.single, (key) => key === name)
  const lowerCase = name.toLowerCase()
  return ({ authorizerHeaders }) =>
    valueOf(authorizerHeaders.single, (key) => key.toLowerCase() === lowerCase)
}

function valueOf(
  values: Record<string, string> | undefined,
  isIt: (key: string) => boolean,
): string | undefined {
  return Object.entries(values ?? {}).find(([key]) => isIt(key))?.[1]
}

/** What an authorizer's answer means for the client. */
export function judge(outcome: Outcome, methodArn: string, resultBytes: number): Authorization {
  if (outcome.kind === 'timedOut') return { status: 500, why: 'the authorizer timed out' }
  if (outcome.kind === 'threw') {
    const isRefusal = outcome.error instanceof Error && outcome.error.message === 'Unauthorized'
    return isRefusal ? { status: 401, why: 'Unauthorized' } : { status: 500, why: 'the authorizer threw' }
  }
  return judgeAnswer(outcome.value, methodArn, resultBytes)
}

function judgeAnswer(answer: unknown, methodArn: string, resultBytes: number): Authorization {
  if (!isRecord(answer)) return malformed('not an object')
  const size = jsonBytes(answer)
  if (size === undefined) return malformed('not JSON')
  if (size > resultBytes) return malformed(`${size} bytes, more than ${resultBytes}`)
  const principalId = answer['principalId']
  if (typeof principalId !== 'string' || principalId === '') return malformed('no principalId')
  const statements = readPolicy(answer['policyDocument'])
  if (!statements) return malformed('a policyDocument that cannot be evaluated')
  const context = flatten(answer['context'])
  if (!context) return malformed('a context value that is not a string, number or boolean')
  if (!isAllowed(statements, methodArn)) return { status: 403, why: 'denied by policy' }
  return { status: 200, context: { ...context, principalId } }
}

function malformed(what: string): Authorization {
  return { status: 500, why: `the authorizer’s result is malformed: ${what}` }
}

function jsonBytes(value: unknown): number | undefined {
  try {
    return Buffer.byteLength(JSON.stringify(value))
  } catch {
    return undefined
  }
}

/** Values reach functions as strings; an object or a list is a configuration error. */
function flatten(context: unknown): AuthorizerContext | undefined {
  if (context === undefined) return {}
  if (!isRecord(context)) return undefined
  const entries = Object.entries(context).filter(([, value]) => value !== undefined)
  if (!entries.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) return undefined
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
