import type { InvocationFacts, LambdaFunctions } from '../functions/lambda-functions.ts'
import type { RunnerLog } from '../runner-log.ts'
import type { LambdaPermissions } from '../template/lambda-permissions.ts'

export interface Invoking {
  readonly functions: LambdaFunctions
  readonly permissions: LambdaPermissions
  readonly log: RunnerLog
}

export interface Invokable {
  readonly functionId: string
  readonly sourceArn: string
}

/** API Gateway may not invoke the function: the template lacks a permission. */
export class NotPermittedError extends Error {
  override readonly name = 'NotPermittedError'
}

/** Invokes a function for API Gateway, if the template lets it. @throws NotPermittedError and what the function throws */
export async function invokePermitted(
  { functions, permissions, log }: Invoking,
  { functionId, sourceArn }: Invokable,
  event: unknown,
  facts: InvocationFacts,
): Promise<unknown> {
  const missing = permissions.missing(functionId, 'apigateway.amazonaws.com', sourceArn)
  if (missing === undefined) return functions.invoke(functionId, event, facts)
  log.error({ function: functionId, missing }, 'a function was not invoked: a permission is missing')
  throw new NotPermittedError(missing)
}
