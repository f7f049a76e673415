import { beforeEach, describe, expect, it, vi } from 'vitest'
import { stubEnvironment } from '../aws/lambda-environment.ts'

/** What each function cannot do without, as the CDK construct sets it. */
const REQUIRED = {
  authorize: ['JWT_SECRET_ARN'],
  connect: ['CONNECTIONS_TABLE', 'CONNECTIONS_ENDPOINT'],
  disconnect: ['CONNECTIONS_TABLE'],
  message: ['LOG_TABLE', 'CONNECTIONS_TABLE', 'CONNECTIONS_ENDPOINT'],
  event: ['LOG_TABLE', 'CONNECTIONS_TABLE', 'CONNECTIONS_ENDPOINT', 'QUEUE_URL', 'DEAD_LETTER_QUEUE_URL'],
  publish: ['LOG_TABLE', 'CONNECTIONS_TABLE', 'CONNECTIONS_ENDPOINT', 'QUEUE_URL', 'JWT_SECRET_ARN'],
  recent: ['LOG_TABLE', 'CONNECTIONS_TABLE', 'JWT_SECRET_ARN'],
  inspect: ['LOG_TABLE', 'CONNECTIONS_TABLE', 'CONNECTIONS_ENDPOINT', 'JWT_SECRET_ARN'],
  'disconnect-user': ['CONNECTIONS_TABLE', 'CONNECTIONS_ENDPOINT', 'JWT_SECRET_ARN'],
  health: ['LOG_TABLE', 'CONNECTIONS_TABLE', 'QUEUE_URL', 'DEAD_LETTER_QUEUE_URL'],
} as const
type Name = keyof typeof REQUIRED
const NAMES = Object.keys(REQUIRED) as Name[]

// No endpoint exists: a function that called out at its start would fail.
const VALUES = {
  LOG_TABLE: 'log',
  CONNECTIONS_TABLE: 'connections',
  CONNECTIONS_ENDPOINT: 'http://127.0.0.1:9/prod',
  QUEUE_URL: 'http://127.0.0.1:9/000000000000/events.fifo',
  DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/000000000000/dead.fifo',
  JWT_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:tokens-AbCdEf',
  ALLOWED_ORIGINS: 'https://app.example.com',
}

async function load(name: Name, variables: readonly (keyof typeof VALUES)[]): Promise<unknown> {
  stubEnvironment(Object.fromEntries(Object.keys(VALUES).map((key) => [key, ''])))
  for (const variable of variables) vi.stubEnv(variable, VALUES[variable])
  return ((await import(`../../lambdas/deployed/${name}.ts`)) as { handler: unknown }).handler
}

beforeEach(() => {
  vi.resetModules()
})

describe('a deployed function', () => {
  it.each(NAMES)('%s starts with what it is given, and calls nobody', async (name) => {
    expect(await load(name, REQUIRED[name])).toBeTypeOf('function')
  })

  it.each(NAMES.flatMap((name) => REQUIRED[name].map((missing) => [name, missing] as const)))(
    '%s says at its start that %s is missing',
    async (name, missing) => {
      const others = REQUIRED[name].filter((variable) => variable !== missing)
      await expect(load(name, others)).rejects.toThrow(missing)
    },
  )

  it('authorize starts with the keys of an issuer, and with a list of origins', async () => {
    stubEnvironment({ ALLOWED_ORIGINS: VALUES.ALLOWED_ORIGINS, JWT_JWKS_URL: 'https://issuer.example/jwks' })
    const { handler } = await import('../../lambdas/deployed/authorize.ts')
    expect(handler).toBeTypeOf('function')
  })
})
