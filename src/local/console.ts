import type { Logger } from '../core/ports.ts'
import { type HttpHandler, json } from '../../lambdas/shared/http.ts'
import { assetHandler, pageHandler } from './console-files.ts'
import { originOf } from './console-request.ts'
import { tokenHandler, whyNoTokens } from './console-tokens.ts'
import type { Settings } from './settings.ts'

export interface ConsoleDependencies {
  readonly settings: Settings
  readonly logger: Logger
  /** Known once the server listens. */
  readonly wsPort: () => number
}

/** The console: a page with both sides of a session, each a real client. None of its routes is there with `CONSOLE=0`. */
export function consoleRoutes({
  settings,
  logger,
  wsPort,
}: ConsoleDependencies): Readonly<Record<string, HttpHandler>> {
  if (!settings.console) return {}
  return {
    'GET /': pageHandler(wsPort),
    'GET /console/{file}': assetHandler(),
    'GET /console/config': configHandler(settings, wsPort),
    'POST /console/token': tokenHandler(settings, logger),
  }
}

/** What the page has to know of the server that it came from. Nothing of it is a secret. */
function configHandler(settings: Settings, wsPort: () => number): HttpHandler {
  return async (event) => {
    const origin = originOf(event)
    const { allowedOrigins } = settings
    return json(
      200,
      JSON.stringify({
        wsPort: wsPort(),
        whyNoTokens: whyNoTokens(settings, event) ?? null,
        originAllowed:
          allowedOrigins === undefined || (origin !== undefined && allowedOrigins.includes(origin)),
      }),
    )
  }
}
