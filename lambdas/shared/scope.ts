import { type Scope, SCOPES } from '../../src/core/codes.ts'
import { FanoutError } from '../../src/core/errors.ts'
import type { Identity, Revocations } from '../../src/core/ports.ts'
import { isRevoked, tellRevoked } from '../../src/core/revoked.ts'
import { type HttpEvent, identify, type IdentifyDependencies, unauthorized } from './http.ts'

/** @throws FanoutError `unauthorized`; `forbidden` for a good token without the scope */
export async function requireScope(
  dependencies: IdentifyDependencies,
  event: HttpEvent,
  scope: Scope,
  what: string,
): Promise<Identity> {
  const identity = await identify(dependencies, event)
  if (identity.scopes.includes(scope)) return identity
  throw new FanoutError('forbidden', `${what} needs a token with the scope ${scope}`)
}

/**
 * An administrator, who was not disconnected since the token was issued.
 *
 * @throws FanoutError as `requireScope`
 */
export async function requireAdmin(
  dependencies: IdentifyDependencies & { readonly revocations: Revocations },
  event: HttpEvent,
  what: string,
): Promise<Identity> {
  const identity = await requireScope(dependencies, event, SCOPES.admin, what)
  const { userId, issuedAt } = identity
  if (!(await isRevoked(dependencies.revocations, userId, issuedAt))) return identity
  tellRevoked(dependencies, userId, event.requestContext.http.path)
  throw unauthorized()
}
