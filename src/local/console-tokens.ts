import { issueToken, type TokenRequest } from '../auth/issue-token.ts'
import { type Scope, SCOPES } from '../core/codes.ts'
import { isId } from '../core/ids.ts'
import type { Logger } from '../core/ports.ts'
import { type HttpEvent, type HttpHandler, type HttpResult, json } from '../../lambdas/shared/http.ts'
import { cameThroughProxy, isLoopback, loopbackOrigin } from './console-request.ts'
import type { Settings } from './settings.ts'
import { readSecret } from './token-secret.ts'

/** In seconds: a demonstration, and an expired token to try what it does. */
const LONGEST = 3600

/** Why this server gives no tokens to its console, or `undefined` if it does. */
export function whyNoTokens(settings: Settings, event: HttpEvent): string | undefined {
  if (settings.keys !== 'generated') return 'its keys are configured, with JWT_SECRET or JWT_JWKS_URL'
  if (!isLoopback(settings.host)) return `it listens on ${settings.host}, not on this machine alone`
  if (cameThroughProxy(event)) return 'the request came through a proxy'
  if (loopbackOrigin(event) === undefined) {
    return 'the page was not opened by a name of this machine, as 127.0.0.1 or localhost'
  }
  return undefined
}

/**
 * `POST /console/token`: a token for whoever the page wants to be. For development, on one machine, and for the console's own
 * page alone: each check refuses somebody whom the others let through. See docs/console.md.
 */
export function tokenHandler(settings: Settings, logger: Logger): HttpHandler {
  return async (event) => {
    const refusal = whyNoTokens(settings, event) ?? whyNotThisPage(event)
    if (refusal !== undefined) {
      logger.warn({ reason: refusal, origin: event.headers['origin'] }, 'no token for the console')
      return message(403, `no token is given: ${refusal}`)
    }
    const request = parseRequest(event.body ?? '')
    if (typeof request === 'string') return message(400, request)
    const { issuer, audience } = settings
    const token = await issueToken(readSecret(settings.dataDir), {
      ...request,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    })
    return json(200, JSON.stringify({ token }))
  }
}

/**
 * The API lets every page read its answers (CORS), this route included; so a page of another origin must not get as far as an answer.
 * Browsers send `Origin` with every POST, and no page can change it.
 */
function whyNotThisPage(event: HttpEvent): string | undefined {
  const { origin, 'sec-fetch-site': site, 'content-type': type = '' } = event.headers
  if (origin === undefined || origin !== loopbackOrigin(event)) {
    return 'only the page that this server serves may ask'
  }
  if (site !== undefined && site !== 'same-origin') return 'only the page that this server serves may ask'
  if (!/^application\/json(;|$)/i.test(type)) return 'the Content-Type must be application/json'
  return undefined
}

type Asked = Pick<TokenRequest, 'userId' | 'expiresIn' | 'scope'>

/** @returns what is asked for, or what is wrong with it */
function parseRequest(body: string): Asked | string {
  const fields = parseObject(body)
  if (fields === undefined) return 'the body must be a JSON object'
  const { userId, expiresIn, scope } = fields
  if (!isId(userId)) return 'userId must be a string of 1 to 128 characters'
  if (typeof expiresIn !== 'number' || !Number.isInteger(expiresIn) || Math.abs(expiresIn) > LONGEST) {
    return `expiresIn must be a whole number of seconds from -${LONGEST} to ${LONGEST}`
  }
  if (scope === undefined) return { userId, expiresIn }
  if (!isScope(scope)) return `scope must be left out or one of ${SCOPE_NAMES.join(', ')}`
  return { userId, expiresIn, scope }
}

const SCOPE_NAMES: readonly string[] = Object.values(SCOPES)

function isScope(value: unknown): value is Scope {
  return typeof value === 'string' && SCOPE_NAMES.includes(value)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function message(statusCode: number, text: string): HttpResult {
  return json(statusCode, JSON.stringify({ message: text }))
}
