import { beforeEach, describe, expect, it } from 'vitest'
import { createHandler } from '../../lambdas/authorize.ts'
import { TOKEN_REFUSALS } from '../../src/core/codes.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { RecordingMetrics } from '../support/recording-metrics.ts'
import { ScriptedVerifier, socketContext } from './events.ts'

const ARN = 'arn:aws:execute-api:eu-central-1:123456789012:abc123/prod/$connect'
const SECRETS = Object.fromEntries(
  TOKEN_REFUSALS.map((reason) => [`the-secret-token-${reason}`, reason] as const),
)
const verifier = new ScriptedVerifier({
  ...SECRETS,
  good: { userId: 'ann', expiresAt: 1_800_000_000_000, scopes: ['events:publish'] },
  'the-secret-token-down': new FanoutError('unavailable', 'the issuer is down'),
})

const policy = (Effect: 'Allow' | 'Deny') => ({
  Version: '2012-10-17',
  Statement: [
    {
      Action: 'execute-api:Invoke',
      Effect,
      Resource: 'arn:aws:execute-api:eu-central-1:123456789012:abc123/prod/*',
    },
  ],
})
const ALLOWED = {
  principalId: 'ann',
  policyDocument: policy('Allow'),
  context: { userId: 'ann', expiresAt: '1800000000000', issuedAt: '1700000000000' },
}

describe('the authorizer', () => {
  let logger: RecordingLogger

  beforeEach(() => {
    logger = new RecordingLogger()
  })

  const authorize = async (
    headers: Record<string, string> | null,
    query: Record<string, string> | null = null,
    allowedOrigins?: readonly string[],
  ) =>
    createHandler({ verifier, logger, ...(allowedOrigins !== undefined && { allowedOrigins }) })({
      methodArn: ARN,
      headers,
      queryStringParameters: query,
      requestContext: socketContext(),
    })

  it.each([
    ['a header', { Authorization: 'Bearer good' }, null],
    ['a subprotocol', { 'sec-websocket-protocol': 'fanout.v1, bearer.good' }, null],
    ['the query', {}, { token: 'good' }],
    ['the query, no headers at all', null, { token: 'good' }],
  ])('allows all routes of the stage to a good token in %s', async (_, headers, query) => {
    expect(await authorize(headers, query)).toEqual(ALLOWED)
    expect(logger.lines).toEqual([])
  })

  it('hands on strings only, and no scope', async () => {
    const { context } = await authorize({ authorization: 'Bearer good' })
    expect(Object.entries(context ?? {}).map(([name, value]) => [name, typeof value])).toEqual([
      ['userId', 'string'],
      ['expiresAt', 'string'],
      ['issuedAt', 'string'],
    ])
  })

  it.each([
    ['Bearer bad', 'bad_signature'],
    ['Basic x', 'missing'],
    ['', 'missing'],
  ])('is not moved by a good token further down when the header is "%s"', async (authorization, reason) => {
    const headers = { authorization, 'sec-websocket-protocol': 'fanout.v1, bearer.good' }
    await expect(authorize(headers, { token: 'good' })).rejects.toThrow('Unauthorized')
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      { reason, sourceIp: '192.0.2.1', path: '$connect' },
    ])
  })

  it('refuses every bad token with the one text for 401, the reason in the log alone', async () => {
    const ways = (token: string) => [
      authorize({ authorization: `Bearer ${token}` }),
      authorize({ 'sec-websocket-protocol': `fanout.v1, bearer.${token}` }),
      authorize({}, { token }),
    ]
    for (const [token, reason] of Object.entries(SECRETS)) {
      logger.lines.length = 0
      for (const way of await Promise.allSettled(ways(token))) {
        expect(way).toEqual({ status: 'rejected', reason: new Error('Unauthorized') })
      }
      const line = {
        level: 'warn',
        fields: { reason, sourceIp: '192.0.2.1', path: '$connect' },
        message: 'token refused',
      }
      expect(logger.lines).toEqual([line, line, line])
      expect(logger.text()).not.toContain('the-secret-token')
    }
    await expect(authorize(null)).rejects.toThrow('Unauthorized')
  })

  it('counts what it refuses, by the reason, and nothing that it lets in or cannot judge', async () => {
    const metrics = new RecordingMetrics()
    const handler = createHandler({ verifier, logger, metrics })
    const tokens = [...Object.keys(SECRETS), 'good', 'the-secret-token-down']
    await Promise.allSettled(
      tokens.map(async (token) =>
        handler({
          methodArn: ARN,
          headers: { authorization: `Bearer ${token}` },
          requestContext: socketContext(),
        }),
      ),
    )
    expect(metrics.counts).toEqual(
      Object.fromEntries(TOKEN_REFUSALS.map((reason) => [`tokensRefused:${reason}`, 1])),
    )
  })

  it('does not refuse a token that it cannot judge', async () => {
    await expect(authorize({ authorization: 'Bearer the-secret-token-down' })).rejects.toThrow(
      'the issuer is down',
    )
    expect(logger.lines).toMatchObject([
      { level: 'error', fields: { sourceIp: '192.0.2.1' }, message: 'token could not be checked' },
    ])
    expect(logger.text()).toContain('the issuer is down')
    expect(logger.text()).not.toContain('the-secret-token')
  })

  it.each([
    ['https://app.example', ALLOWED],
    ['https://evil.example', { principalId: 'ann', policyDocument: policy('Deny') }],
    ['https://app.example.evil', { principalId: 'ann', policyDocument: policy('Deny') }],
    ['http://app.example', { principalId: 'ann', policyDocument: policy('Deny') }],
    ['null', { principalId: 'ann', policyDocument: policy('Deny') }],
    ['', { principalId: 'ann', policyDocument: policy('Deny') }],
  ])('decides about the page %j by the list of origins', async (origin, expected) => {
    const headers = { authorization: 'Bearer good', Origin: origin }
    expect(await authorize(headers, null, ['https://app.example'])).toEqual(expected)
    const refused = { level: 'warn', fields: { userId: 'ann', origin }, message: 'origin refused' }
    expect(logger.lines).toEqual(expected === ALLOWED ? [] : [refused])
    expect(await authorize(headers)).toEqual(ALLOWED)
  })

  it('lets clients that are no browsers in, whatever the list', async () => {
    expect(await authorize({ authorization: 'Bearer good' }, null, [])).toEqual(ALLOWED)
  })

  it('refuses a bad token of a foreign page as a bad token', async () => {
    const headers = { authorization: 'Bearer bad', origin: 'https://evil.example' }
    await expect(authorize(headers, null, ['https://app.example'])).rejects.toThrow('Unauthorized')
  })
})
