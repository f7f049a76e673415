import { Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { describe, expect, it } from 'vitest'
import type { EventFanoutProps, JwtOptions } from '../../lib/props.ts'
import { settingsFrom } from '../../lib/settings.ts'
import { withApp } from './synthesized.ts'

describe('the settings of a construct without props', () => {
  it('are the production defaults', () => {
    expect(settingsFrom({})).toEqual({
      jwt: {},
      retentionDays: 30,
      allowedOrigins: undefined,
      maxConnectionsPerUser: 20,
      receiptDetail: 'deliveries',
      removalPolicy: RemovalPolicy.RETAIN,
      pointInTimeRecovery: true,
      metrics: true,
      alarms: {},
      dashboard: true,
      logRetention: RetentionDays.ONE_MONTH,
      logLevel: 'info',
      httpThrottle: { rateLimit: 1000, burstLimit: 500 },
      healthThrottle: { rateLimit: 10, burstLimit: 20 },
      webSocketThrottle: { rateLimit: 2000, burstLimit: 1000 },
      memorySizes: {},
      maxEventConcurrency: undefined,
    })
  })
})

describe('a prop that can be used', () => {
  it.each<[string, EventFanoutProps]>([
    ['one day', { retention: Duration.hours(24) }],
    ['ten years', { retention: Duration.days(3650) }],
    ['an origin with a port', { allowedOrigins: ['http://localhost:8080'] }],
    ['a cap of one', { maxConnectionsPerUser: 1 }],
    ['the widest memory', { memorySizes: { event: 10_240 } }],
    ['silence', { logLevel: 'silent' }],
    ['receipts that count', { receiptDetail: 'counts' }],
  ])('is accepted: %s', (_name, props) => {
    expect(() => settingsFrom(props)).not.toThrow()
  })

  it('may hold what only the deployment knows, such as the id of a user pool', () => {
    const id = Lazy.string({ produce: () => 'later' })
    const jwt = { jwksUrl: `https://cognito-idp.eu-central-1.amazonaws.com/${id}/.well-known/jwks.json` }
    expect(settingsFrom({ jwt, allowedOrigins: [`https://${id}`] })).toMatchObject({ jwt })
  })
})

describe('a prop that cannot be used', () => {
  it.each<[EventFanoutProps, string]>([
    [
      { retention: Duration.hours(23) },
      'retention in days is 0.9583333333333334; it must be a whole number from 1 to 3650',
    ],
    [{ retention: Duration.hours(36) }, 'retention in days is 1.5; it must be a whole number from 1 to 3650'],
    [
      { retention: Duration.days(3651) },
      'retention in days is 3651; it must be a whole number from 1 to 3650',
    ],
    [
      { allowedOrigins: [] },
      'allowedOrigins is empty, which would shut out every browser; leave it out to allow all',
    ],
    [{ allowedOrigins: ['*'] }, 'allowedOrigins holds "*"; an origin looks like https://app.example.com'],
    [
      { allowedOrigins: ['https://a.example', 'https://app.example.com/'] },
      'allowedOrigins holds "https://app.example.com/"; an origin looks like',
    ],
    [{ allowedOrigins: ['app.example.com'] }, 'allowedOrigins holds "app.example.com"; an origin looks like'],
    [
      { jwksUrl: 'https://issuer.example/keys' } as EventFanoutProps,
      'EventFanout has no prop jwksUrl; it has jwt, retention,',
    ],
    [{ maxConnectionsPerUser: 0 }, 'maxConnectionsPerUser is 0; it must be a whole number from 1 to 500'],
    [{ maxConnectionsPerUser: 501 }, 'maxConnectionsPerUser is 501; it must be a whole number from 1 to 500'],
    [{ maxConnectionsPerUser: 1.5 }, 'maxConnectionsPerUser is 1.5; it must be a whole number'],
    [
      { removalPolicy: RemovalPolicy.SNAPSHOT },
      'removalPolicy is SNAPSHOT, which DynamoDB and SQS do not have',
    ],
    [{ receiptDetail: 'all' as 'counts' }, 'receiptDetail is "all"; it must be one of deliveries, counts'],
    [
      { logLevel: 'verbose' as 'info' },
      'logLevel is "verbose"; it must be one of debug, info, warn, error, silent',
    ],
    [
      { healthThrottle: { burstLimit: 0 } },
      'healthThrottle.burstLimit is 0; it must be a whole number from 1',
    ],
    [{ httpThrottle: { rateLimit: 0 } }, 'httpThrottle.rateLimit is 0; it must be a whole number from 1'],
    [
      { webSocketThrottle: { burstLimit: -1 } },
      'webSocketThrottle.burstLimit is -1; it must be a whole number',
    ],
    [
      { memorySizes: { event: 100 } },
      'memorySizes.event is 100; it must be a whole number from 128 to 10240',
    ],
    [
      { memorySizes: { evnet: 512 } as object },
      'memorySizes names "evnet"; the functions are authorize, connect, disconnect, message, event, publish',
    ],
    [{ maxEventConcurrency: 1 }, 'maxEventConcurrency is 1; it must be a whole number from 2 to 1000'],
    [{ maxEventConcurrency: 1001 }, 'maxEventConcurrency is 1001; it must be a whole number from 2 to 1000'],
    [
      { jwt: { jwksUrl: 'http://id.example/jwks' } },
      'jwt.jwksUrl is "http://id.example/jwks"; it must be an https',
    ],
    [{ jwt: { jwksUrl: '' } }, 'jwt.jwksUrl is ""; it must be an https URL'],
    [{ jwt: { issuer: '' } }, 'jwt.issuer is ""; leave it out to accept every issuer'],
    [{ jwt: { audience: '' } }, 'jwt.audience is ""; leave it out to accept every audience'],
  ])('is refused with its value and the way out: %o', (props, message) => {
    expect(() => settingsFrom(props)).toThrow(message)
  })

  it('is refused: two ways to verify a token', () => {
    withApp((app) => {
      const secret = Secret.fromSecretNameV2(new Stack(app, 'Test'), 'Own', 'keys')
      const jwt = { secret, jwksUrl: 'https://id.example/jwks' } as unknown as JwtOptions
      expect(() => settingsFrom({ jwt })).toThrow('jwt has both secret and jwksUrl; keep the one')
    })
  })
})
