import type { Scope } from '../../src/core/codes.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { type HttpEvent, identify, type IdentifyDependencies } from './http.ts'

/** @throws FanoutError `unauthorized`; `forbidden` for a good token without the scope */
export async function requireScope(
  dependencies: IdentifyDependencies,
  event: HttpEvent,
  scope: Scope,
  what: string,
): Promise<void> {
  const { scopes } = await identify(dependencies, event)
  if (scopes.includes(scope)) return
  throw new FanoutError('forbidden', `${what} needs a token with the scope ${scope}`)
}
