import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../../src/local/settings.ts'
import { SettingError } from '../../src/process/settings.ts'
import { SECRET } from '../e2e/deployment.ts'
import { ServerProcess } from '../e2e/server-process.ts'

const DAY = 24 * 60 * 60 * 1000

const defaults = {
  host: '127.0.0.1',
  port: 3000,
  wsPort: 3001,
  dataDir: resolve('.data'),
  retentionMs: 30 * DAY,
  logLevel: 'info',
  keys: 'generated',
  connectionsPerUser: 20,
  receiptDetail: 'deliveries',
  connectionsApi: false,
  console: true,
}

describe('the settings', () => {
  it('have a default each', () => {
    expect(readSettings({})).toEqual(defaults)
  })

  it('that are empty count as unset', () => {
    const names =
      'HOST PORT WS_PORT DATA_DIR RETENTION_DAYS LOG_LEVEL JWT_SECRET JWT_JWKS_URL JWT_ISSUER JWT_AUDIENCE'
    const more = 'ALLOWED_ORIGINS MAX_CONNECTIONS_PER_USER RECEIPT_DETAIL CONNECTIONS_API CONSOLE NODE_ENV'
    const empty = Object.fromEntries(`${names} ${more}`.split(' ').map((name) => [name, '']))
    expect(readSettings(empty)).toEqual(defaults)
  })

  it('are read', () => {
    const environment = {
      HOST: '::1',
      PORT: '0',
      WS_PORT: '65535',
      DATA_DIR: 'some/where',
      RETENTION_DAYS: '1',
      LOG_LEVEL: 'silent',
      JWT_SECRET: SECRET,
      JWT_ISSUER: 'issuer',
      JWT_AUDIENCE: 'audience',
      ALLOWED_ORIGINS: 'https://a.example, http://localhost:5173',
      MAX_CONNECTIONS_PER_USER: '10000',
      RECEIPT_DETAIL: 'counts',
      CONNECTIONS_API: '1',
      CONSOLE: '0',
    }
    expect(readSettings(environment)).toEqual({
      host: '::1',
      port: 0,
      wsPort: 65_535,
      dataDir: resolve('some/where'),
      retentionMs: DAY,
      logLevel: 'silent',
      keys: { secret: SECRET },
      issuer: 'issuer',
      audience: 'audience',
      allowedOrigins: ['https://a.example', 'http://localhost:5173'],
      connectionsPerUser: 10_000,
      receiptDetail: 'counts',
      connectionsApi: true,
      console: false,
    })
  })

  it('take the keys from a URL, over TLS in production', () => {
    const at = (url: string, env: string) => readSettings({ JWT_JWKS_URL: url, NODE_ENV: env }).keys
    expect(at('http://127.0.0.1:1/k', 'test')).toEqual({ jwksUrl: new URL('http://127.0.0.1:1/k') })
    expect(at('https://i.example/k', 'production')).toEqual({ jwksUrl: new URL('https://i.example/k') })
    expect(() => at('http://i.example/k', 'production')).toThrow('JWT_JWKS_URL is "http://i.example/k"')
  })
})

const BAD: readonly [string, Readonly<Record<string, string>>][] = [
  ...['-1', '65536', '3000.5', '3e3', ' 3000', 'http', '0x10'].flatMap(
    (value): [string, Readonly<Record<string, string>>][] => [
      [`PORT is "${value}"; it must be a whole number from 0 to 65535`, { PORT: value }],
      [`WS_PORT is "${value}"; it must be a whole number from 0 to 65535`, { WS_PORT: value }],
    ],
  ),
  ['RETENTION_DAYS is "0"; it must be a whole number from 1 to 3650', { RETENTION_DAYS: '0' }],
  ['RETENTION_DAYS is "3651"; it must be a whole number from 1 to 3650', { RETENTION_DAYS: '3651' }],
  ['LOG_LEVEL is "INFO"; it must be one of debug, info, warn, error, silent', { LOG_LEVEL: 'INFO' }],
  ['RECEIPT_DETAIL is "all"; it must be one of deliveries, counts', { RECEIPT_DETAIL: 'all' }],
  [
    'MAX_CONNECTIONS_PER_USER is "0"; it must be a whole number from 1 to 10000',
    { MAX_CONNECTIONS_PER_USER: '0' },
  ],
  ['CONNECTIONS_API is "true"; it must be one of 0, 1', { CONNECTIONS_API: 'true' }],
  ['CONSOLE is "off"; it must be one of 0, 1', { CONSOLE: 'off' }],
  [
    'JWT_SECRET has 31 bytes; HS256 needs at least 32. "openssl rand -base64 48" makes one',
    { JWT_SECRET: 'x'.repeat(31) },
  ],
  [
    'JWT_SECRET and JWT_JWKS_URL are both set; keep the one that your tokens are signed for',
    { JWT_SECRET: SECRET, JWT_JWKS_URL: 'https://i.example' },
  ],
  ['JWT_JWKS_URL is "i.example"; it must be an https URL', { JWT_JWKS_URL: 'i.example' }],
  ['JWT_JWKS_URL is "file:///etc/keys"; it must be an https URL', { JWT_JWKS_URL: 'file:///etc/keys' }],
  [
    'ALLOWED_ORIGINS holds "app.example.com"; an origin looks like https://app.example.com',
    { ALLOWED_ORIGINS: 'app.example.com' },
  ],
  [
    'ALLOWED_ORIGINS holds "https://a.example/"; an origin looks like https://app.example.com',
    { ALLOWED_ORIGINS: 'https://b.example,https://a.example/' },
  ],
  [
    'ALLOWED_ORIGINS holds ""; an origin looks like https://app.example.com',
    { ALLOWED_ORIGINS: 'https://b.example,' },
  ],
  [
    'NODE_ENV is production and neither JWT_SECRET nor JWT_JWKS_URL is set; in production the key has to be chosen, not generated',
    { NODE_ENV: 'production' },
  ],
]

describe('a bad setting', () => {
  it.each(BAD)('%s', (message, environment) => {
    expect(() => readSettings(environment)).toThrow(new SettingError(message))
  })

  it.each([BAD[0]!, ['NODE_ENV is production and neither JWT_SECRET', BAD.at(-1)![1]] as const])(
    'keeps the server from starting, with one line and status 2: %s',
    async (message, environment) => {
      const server = ServerProcess.unawaited(environment)
      expect(await server.exited).toEqual({ code: 2, signal: null })
      expect(server.stdout).toBe('')
      expect(server.stderr).toMatch(/^event-fanout: .*\n$/)
      expect(server.stderr).toContain(message)
    },
  )

  it('may only show when it is used: an address that is not of this machine', async () => {
    const server = ServerProcess.unawaited({ HOST: '192.0.2.1' })
    expect(await server.exited).toEqual({ code: 2, signal: null })
    expect(server.stderr).toBe(
      'event-fanout: PORT is "0" and HOST is "192.0.2.1"; cannot listen there: listen EADDRNOTAVAIL: address not available 192.0.2.1. Set another; port 0 is any free one\n',
    )
  })
})

describe('in production', () => {
  it('a secret of 32 bytes will do, counted as UTF-8', async () => {
    const server = await ServerProcess.forTest({ NODE_ENV: 'production', JWT_SECRET: 'ü'.repeat(16) })
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  })
})
