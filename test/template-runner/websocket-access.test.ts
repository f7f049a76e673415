import type { Stack } from 'aws-cdk-lib'
import { describe, expect, it } from 'vitest'
import { Client, refusal } from '../gateway/websocket/client.ts'
import { readableLog, resourcesOf, withhold } from './support/fixture.ts'
import { serve } from './support/sockets.ts'

describe('the authorizer', () => {
  const policy = (effect: string): string => `
    export const handler = async (event) => ({
      principalId: 'someone',
      policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: '${effect}', Resource: event.methodArn }] },
      context: { userId: event.headers['X-User'] ?? 'nobody' },
    })`

  it('lets in, and its context reaches every route', async () => {
    const running = await serve({ authorizer: policy('Allow') })
    const client = await Client.open(running.wsUrl, { headers: { 'X-User': 'ann' } })
    expect(JSON.parse(await client.ask({ action: 'ask' }))).toMatchObject({
      authorizer: { userId: 'ann', principalId: 'someone' },
    })
    expect(running.recording.invocations.map(({ trigger }) => trigger)).toEqual([
      'authorizer',
      'websocket',
      'websocket',
    ])
  })

  it.each([
    ['denies', policy('Deny'), 403],
    ['throws Unauthorized', `export const handler = async () => { throw new Error('Unauthorized') }`, 401],
    ['throws something else', `export const handler = async () => { throw new Error('broken') }`, 500],
  ])('that %s refuses the client', async (_what, authorizer, status) => {
    const running = await serve({ authorizer })
    expect((await refusal(running.wsUrl)).status).toBe(status)
  })

  it('is not asked when an identity source is missing', async () => {
    const running = await serve({
      authorizer: policy('Allow'),
      identitySource: ['route.request.querystring.token'],
    })
    expect((await refusal(running.wsUrl)).status).toBe(401)
    expect(running.recording.invocations).toEqual([])
    await Client.open(`${running.wsUrl}?token=x`)
  })
})

describe('without a permission', () => {
  const without =
    (pattern: RegExp) =>
    (stack: Stack): void => {
      withhold(resourcesOf(stack, 'AWS::Lambda::Permission').filter(({ node }) => pattern.test(node.path)))
    }
  const missing = (lines: ReturnType<typeof readableLog>['lines']): unknown =>
    lines.find(({ message }) => message === 'a function was not invoked: a permission is missing')?.fields[
      'missing'
    ]

  it.each([
    [
      'of the $connect route',
      /connect-Route.*Permission/i,
      /SourceArn arn:aws:execute-api:us-east-1:0+:\w+\/v1\/\$connect$/,
    ],
    [
      'of the authorizer',
      /Auth.*Permission/,
      /SourceArn arn:aws:execute-api:us-east-1:0+:\w+\/authorizers\/\w+$/,
    ],
  ])('%s a client is refused with 500, and the log says what is missing', async (_what, pattern, said) => {
    const { log, lines } = readableLog()
    const authorizer = `export const handler = async (event) => ({
      principalId: 'x', policyDocument: { Statement: [{ Action: '*', Effect: 'Allow', Resource: '*' }] } })`
    const running = await serve({ authorizer, change: without(pattern) }, { log })
    expect((await refusal(running.wsUrl)).status).toBe(500)
    expect(missing(lines)).toMatch(said)
  })

  it('of a message route the client is told of an error', async () => {
    const { log, lines } = readableLog()
    const running = await serve({ change: without(/ask-Route.*Permission/i) }, { log })
    const client = await Client.open(running.wsUrl)
    expect(await client.ask({ action: 'ask' })).toContain('Internal server error')
    expect(missing(lines)).toMatch(
      /lets apigateway\.amazonaws\.com invoke Echo\w+ with the SourceArn .*\/v1\/ask$/,
    )
    expect(running.recording.invocations.map(({ routeKey }) => routeKey)).toEqual(['$connect'])
  })
})
