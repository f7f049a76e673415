/** That the functions which Lambda runs write what they count, under the name that the construct gives. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { stubEnvironment } from './lambda-environment.ts'

const VALUES = {
  LOG_TABLE: 'log',
  CONNECTIONS_TABLE: 'connections',
  CONNECTIONS_ENDPOINT: 'http://127.0.0.1:9/prod',
  QUEUE_URL: 'http://127.0.0.1:9/000000000000/events.fifo',
  DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/000000000000/dead.fifo',
  JWT_JWKS_URL: 'https://issuer.example/jwks',
  LOG_LEVEL: 'silent',
}

type Handler = (event: unknown) => Promise<unknown>

/** What a function writes to stdout when it is invoked, as JSON. */
async function written(name: string, event: unknown, service: string): Promise<Record<string, unknown>[]> {
  stubEnvironment({ ...VALUES, METRICS_SERVICE: service })
  const { handler } = (await import(`../../lambdas/deployed/${name}.ts`)) as { handler: Handler }
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    await handler(event).catch(() => undefined)
    const text = stdout.mock.calls.map(([chunk]) => String(chunk)).join('')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  } finally {
    stdout.mockRestore()
  }
}

const requestContext = { http: { method: 'GET', path: '/', sourceIp: '192.0.2.1' } }
const WITHOUT_TOKEN = { headers: {}, rawQueryString: '', requestContext }
const HANDSHAKE = {
  methodArn: 'arn:aws:execute-api:us-east-1:111122223333:abc/v1/$connect',
  headers: {},
  requestContext: { connectionId: 'a=', connectedAt: 0, identity: { sourceIp: '192.0.2.1' } },
}

beforeEach(() => {
  vi.resetModules()
})

describe('a deployed function', () => {
  it.each([
    ['authorize', HANDSHAKE],
    ['publish', WITHOUT_TOKEN],
    ['recent', WITHOUT_TOKEN],
    ['inspect', WITHOUT_TOKEN],
    ['disconnect-user', WITHOUT_TOKEN],
  ])('%s counts the token that it refuses', async (name, event) => {
    expect(await written(name, event, 'Test-Fanout')).toEqual([
      expect.objectContaining({
        service: 'Test-Fanout',
        reason: 'missing',
        fanout_tokens_refused_total: 1,
      }),
    ])
  })

  it('event counts what it refuses, and what it cannot do, when it ends with an error', async () => {
    const lines = await written('event', { type: 'NOBODY', id: 'a' }, 'Test-Fanout')
    expect(lines).toContainEqual(
      expect.objectContaining({ result: 'refused', fanout_events_published_total: 1 }),
    )
  })

  it('writes nothing without the variable', async () => {
    expect(await written('authorize', HANDSHAKE, '')).toEqual([])
  })
})
