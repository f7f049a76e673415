import { resolve } from 'node:path'
import { MIN_SECRET_BYTES } from '../auth/verify-token.ts'
import { type BridgeSettings, readBridgeSettings } from '../bridge/settings.ts'
import { RECEIPT_DETAILS, type ReceiptDetail } from '../core/codes.ts'
import { LIMITS } from '../core/limits.ts'
import {
  type Environment,
  type LogLevel,
  logLevelOf,
  oneOf,
  SettingError,
  variableOf,
  wholeNumber,
} from '../process/settings.ts'

/** What the environment says about an embedded server. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly wsPort: number
  readonly dataDir: string
  readonly retentionMs: number
  readonly logLevel: LogLevel
  /** Where the token keys come from; `generated`: a secret kept in the data folder. */
  readonly keys: { readonly secret: string } | { readonly jwksUrl: URL } | 'generated'
  readonly issuer?: string
  readonly audience?: string
  readonly allowedOrigins?: readonly string[]
  readonly connectionsPerUser: number
  /** How much receipts tell of deliveries. */
  readonly receiptDetail: ReceiptDetail
  /** Serve `@connections` on the WebSocket port, to loopback alone. */
  readonly connectionsApi: boolean
  /** Serve the console, a page for whoever develops or demonstrates. */
  readonly console: boolean
  /** Take in what a backend publishes in Redis. */
  readonly bridge?: BridgeSettings
}

const DAY = 24 * 60 * 60 * 1000

/** @throws SettingError */
export function readSettings(environment: Environment): Settings {
  const get = (name: string): string | undefined => variableOf(environment, name)
  const origins = get('ALLOWED_ORIGINS')
  const issuer = get('JWT_ISSUER')
  const audience = get('JWT_AUDIENCE')
  const bridge = readBridgeSettings(environment)
  return {
    host: get('HOST') ?? '127.0.0.1',
    port: wholeNumber('PORT', get('PORT') ?? '3000', 0, 65_535),
    wsPort: wholeNumber('WS_PORT', get('WS_PORT') ?? '3001', 0, 65_535),
    dataDir: resolve(get('DATA_DIR') ?? '.data'),
    retentionMs: wholeNumber('RETENTION_DAYS', get('RETENTION_DAYS') ?? '30', 1, 3650) * DAY,
    logLevel: logLevelOf(environment),
    keys: keysFrom(get('JWT_SECRET'), get('JWT_JWKS_URL'), get('NODE_ENV') === 'production'),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(origins !== undefined && {
      allowedOrigins: origins.split(',').map((origin) => originFrom(origin.trim())),
    }),
    connectionsPerUser: wholeNumber(
      'MAX_CONNECTIONS_PER_USER',
      get('MAX_CONNECTIONS_PER_USER') ?? String(LIMITS.connectionsPerUser),
      1,
      10_000,
    ),
    receiptDetail: oneOf('RECEIPT_DETAIL', get('RECEIPT_DETAIL') ?? 'deliveries', RECEIPT_DETAILS),
    connectionsApi: oneOf('CONNECTIONS_API', get('CONNECTIONS_API') ?? '0', ['0', '1']) === '1',
    console: oneOf('CONSOLE', get('CONSOLE') ?? '1', ['0', '1']) === '1',
    ...(bridge !== undefined && { bridge }),
  }
}

function keysFrom(
  secret: string | undefined,
  jwksUrl: string | undefined,
  production: boolean,
): Settings['keys'] {
  if (secret !== undefined && jwksUrl !== undefined) {
    throw new SettingError(
      'JWT_SECRET and JWT_JWKS_URL are both set; keep the one that your tokens are signed for',
    )
  }
  if (jwksUrl !== undefined) return { jwksUrl: jwksUrlFrom(jwksUrl, production) }
  if (secret !== undefined) return { secret: checkedSecret(secret) }
  if (!production) return 'generated'
  throw new SettingError(
    'NODE_ENV is production and neither JWT_SECRET nor JWT_JWKS_URL is set; in production the key has to be chosen, not generated',
  )
}

function checkedSecret(secret: string): string {
  const bytes = Buffer.byteLength(secret)
  if (bytes >= MIN_SECRET_BYTES) return secret
  throw new SettingError(
    `JWT_SECRET has ${bytes} bytes; HS256 needs at least ${MIN_SECRET_BYTES}. "openssl rand -base64 48" makes one`,
  )
}

/** Keys fetched without TLS could be anybody's. */
function jwksUrlFrom(text: string, production: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && !production)) return url
  throw new SettingError(`JWT_JWKS_URL is "${text}"; it must be an https URL`)
}

function originFrom(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text
  throw new SettingError(`ALLOWED_ORIGINS holds "${text}"; an origin looks like https://app.example.com`)
}
