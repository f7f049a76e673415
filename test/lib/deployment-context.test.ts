import { RemovalPolicy } from 'aws-cdk-lib'
import { describe, expect, it } from 'vitest'
import { readContext } from '../../lib/deployment-context.ts'

const read = (context: Record<string, unknown>) => readContext((name) => context[name])

describe('context values', () => {
  it('may all be left out', () => {
    expect(read({})).toEqual({})
    expect(read({ jwksUrl: '', issuer: null })).toEqual({})
  })

  it('come as text from the command line', () => {
    const { retention, ...rest } = read({
      stackName: 'Fanout-Test',
      jwksUrl: 'https://id.example/jwks',
      jwtSecretArn: 'arn:x',
      jwtSecretKeyArn: 'arn:z',
      issuer: 'https://id.example',
      audience: 'app',
      retentionDays: '7',
      allowedOrigins: 'https://a.example, https://b.example',
      maxConnectionsPerUser: '5',
      receiptDetail: 'counts',
      maxEventConcurrency: '50',
      logLevel: 'debug',
      removalPolicy: 'destroy',
      accountLogRole: 'false',
      domainName: 'events.example.com',
      webSocketDomainName: 'live.example.com',
      certificateArn: 'arn:y',
      hostedZoneId: 'Z1',
      hostedZoneName: 'example.com',
      eventBusName: 'business',
      eventSources: 'app.sessions,app.users',
      eventDetailTypes: 'SessionCompleted',
    })
    expect(retention?.toDays()).toBe(7)
    expect(rest).toEqual({
      stackName: 'Fanout-Test',
      jwksUrl: 'https://id.example/jwks',
      jwtSecretArn: 'arn:x',
      jwtSecretKeyArn: 'arn:z',
      issuer: 'https://id.example',
      audience: 'app',
      allowedOrigins: ['https://a.example', 'https://b.example'],
      maxConnectionsPerUser: 5,
      receiptDetail: 'counts',
      maxEventConcurrency: 50,
      logLevel: 'debug',
      removalPolicy: RemovalPolicy.DESTROY,
      accountLogRole: false,
      domain: {
        httpDomainName: 'events.example.com',
        webSocketDomainName: 'live.example.com',
        certificateArn: 'arn:y',
        hostedZone: { hostedZoneId: 'Z1', zoneName: 'example.com' },
      },
      eventBridge: {
        eventBusName: 'business',
        eventPattern: { source: ['app.sessions', 'app.users'], detailType: ['SessionCompleted'] },
      },
    })
  })

  it('may be numbers, flags and lists in cdk.json', () => {
    const typed = read({
      maxConnectionsPerUser: 5,
      accountLogRole: true,
      allowedOrigins: ['https://a.example'],
    })
    expect(typed).toEqual({
      maxConnectionsPerUser: 5,
      accountLogRole: true,
      allowedOrigins: ['https://a.example'],
    })
  })

  it.each<[Record<string, unknown>, string]>([
    [{ retentionDays: 'a week' }, 'context value retentionDays is "a week"; it must be a whole number'],
    [{ retentionDays: '-1' }, 'context value retentionDays is "-1"; it must be a whole number'],
    [
      { logLevel: 'loud' },
      'context value logLevel is "loud"; it must be one of debug, info, warn, error, silent',
    ],
    [
      { removalPolicy: 'snapshot' },
      'context value removalPolicy is "snapshot"; it must be one of retain, destroy',
    ],
    [{ accountLogRole: 'no' }, 'context value accountLogRole is "no"; it must be one of true, false'],
    [{ issuer: { a: 1 } }, 'context value issuer is {"a":1}; it must be text, a number, a flag or a list'],
    [
      { domainName: 'a.example' },
      'a custom domain needs domainName, webSocketDomainName and certificateArn; missing is webSocketDomainName, certificateArn',
    ],
    [
      { eventDetailTypes: ',' },
      'context value eventDetailTypes is ","; between the commas there must be something',
    ],
    [{ hostedZoneId: 'Z1' }, 'a hosted zone needs hostedZoneId and hostedZoneName; set both, or neither'],
    [{ hostedZoneId: 'Z1', hostedZoneName: 'a.example' }, 'a custom domain needs domainName'],
    [{ eventBusName: 'business' }, 'eventBusName is "business", but not which of its events to publish'],
  ])('are refused with their name, value and the way out: %o', (context, message) => {
    expect(() => read(context)).toThrow(message)
  })
})
