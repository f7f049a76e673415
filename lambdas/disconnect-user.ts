import { type DisconnectDependencies, disconnectUser } from '../src/core/disconnect-user.ts'
import type { Metrics } from '../src/core/metrics.ts'
import type { TokenVerifier } from '../src/core/ports.ts'
import { answering, type HttpHandler, json } from './shared/http.ts'
import { idInPath } from './shared/path.ts'
import { requireAdmin } from './shared/scope.ts'

export interface Dependencies extends DisconnectDependencies {
  readonly verifier: TokenVerifier
  readonly metrics?: Metrics
}

/** `DELETE /api/v1/users/{id}/connections`: closes a user's connections and refuses the tokens that they have. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  return answering(dependencies.logger, async (event) => {
    const { userId: by } = await requireAdmin(dependencies, event, 'disconnecting a user')
    return json(200, JSON.stringify(await disconnectUser(dependencies, { userId: idInPath(event), by })))
  })
}
