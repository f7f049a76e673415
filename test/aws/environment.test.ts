import { describe, expect, it } from 'vitest'
import {
  allowedOrigins,
  connectionsEndpoint,
  connectionsPerUser,
  type Environment,
  keySource,
  logLevel,
  logTable,
  queueUrl,
  receiptDetail,
  requiredClaims,
  retentionMs,
} from '../../src/aws/environment.ts'

const complaint = (read: () => unknown) => {
  try {
    read()
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'no error'
  }
  return 'nothing thrown'
}

describe('the environment', () => {
  it('is read as it is given', () => {
    const environment: Environment = {
      LOG_TABLE: 'log',
      CONNECTIONS_ENDPOINT: 'https://abc.execute-api.us-east-1.amazonaws.com/prod',
      QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/events.fifo',
      RETENTION_DAYS: '7',
      MAX_CONNECTIONS_PER_USER: '5',
      LOG_LEVEL: 'debug',
      RECEIPT_DETAIL: 'counts',
      ALLOWED_ORIGINS: 'https://a.example, http://localhost:8080',
      JWT_ISSUER: 'https://issuer.example',
      JWT_AUDIENCE: 'fanout',
    }
    expect(logTable(environment)).toBe('log')
    expect(connectionsEndpoint(environment)).toBe(environment['CONNECTIONS_ENDPOINT'])
    expect(queueUrl(environment)).toBe(environment['QUEUE_URL'])
    expect(retentionMs(environment)).toBe(7 * 86_400_000)
    expect(connectionsPerUser(environment)).toBe(5)
    expect(logLevel(environment)).toBe('debug')
    expect(receiptDetail(environment)).toBe('counts')
    expect(allowedOrigins(environment)).toEqual(['https://a.example', 'http://localhost:8080'])
    expect(requiredClaims(environment)).toEqual({ issuer: 'https://issuer.example', audience: 'fanout' })
  })

  it('may leave out what has a default, also by an empty value', () => {
    for (const environment of [
      {},
      { RETENTION_DAYS: '', LOG_LEVEL: '', ALLOWED_ORIGINS: '', JWT_ISSUER: '' },
    ]) {
      expect(retentionMs(environment)).toBe(30 * 86_400_000)
      expect(connectionsPerUser(environment)).toBe(20)
      expect(logLevel(environment)).toBe('info')
      expect(receiptDetail(environment)).toBe('deliveries')
      expect(allowedOrigins(environment)).toBeUndefined()
      expect(requiredClaims(environment)).toEqual({})
    }
  })

  it('says where keys come from, one way', () => {
    const [JWT_SECRET_ARN, JWT_JWKS_URL] = ['arn:x', 'https://issuer.example/jwks']
    expect(keySource({ JWT_SECRET_ARN })).toEqual({ secretArn: 'arn:x' })
    expect(keySource({ JWT_JWKS_URL, JWT_SECRET_ARN: '' })).toEqual({ jwksUrl: new URL(JWT_JWKS_URL) })
    expect(complaint(() => keySource({ JWT_SECRET_ARN, JWT_JWKS_URL }))).toMatch(/arn:x.*jwks.*keep the one/)
    expect(complaint(() => keySource({}))).toContain('neither JWT_SECRET_ARN nor JWT_JWKS_URL')
    expect(complaint(() => keySource({ JWT_JWKS_URL: 'http://issuer.example/jwks' }))).toBe(
      'EnvironmentError: JWT_JWKS_URL is "http://issuer.example/jwks"; it must be a URL that begins with https://',
    )
  })

  it.each([
    [
      () => logTable({ LOG_TABLE: '' }),
      'LOG_TABLE is not set; it must be the name of the table with the logs',
    ],
    [() => queueUrl({ QUEUE_URL: 'events' }), 'QUEUE_URL is "events"; it must be a URL'],
    [
      () => connectionsEndpoint({ CONNECTIONS_ENDPOINT: 'wss://x/prod' }),
      'CONNECTIONS_ENDPOINT is "wss://x/prod"',
    ],
    [() => connectionsEndpoint({}), 'CONNECTIONS_ENDPOINT is not set'],
    [
      () => retentionMs({ RETENTION_DAYS: '0' }),
      'RETENTION_DAYS is "0"; it must be a whole number from 1 to 3650',
    ],
    [() => retentionMs({ RETENTION_DAYS: '1.5' }), 'RETENTION_DAYS is "1.5"'],
    [() => connectionsPerUser({ MAX_CONNECTIONS_PER_USER: '501' }), 'from 1 to 500'],
    [() => logLevel({ LOG_LEVEL: 'loud' }), 'LOG_LEVEL is "loud"; it must be one of debug, info'],
    [
      () => receiptDetail({ RECEIPT_DETAIL: 'all' }),
      'RECEIPT_DETAIL is "all"; it must be one of deliveries, counts',
    ],
    [
      () => allowedOrigins({ ALLOWED_ORIGINS: 'https://a.example/' }),
      'ALLOWED_ORIGINS holds "https://a.example/"',
    ],
  ])('that cannot be used is named, with its value and what would do: %#', (read, text) => {
    expect(complaint(read)).toContain(`EnvironmentError: `)
    expect(complaint(read)).toContain(text)
  })
})
