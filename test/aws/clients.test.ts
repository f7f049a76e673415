import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bounded } from '../../src/aws/clients/bounded.ts'
import { handlerWith } from '../../src/aws/clients/limits.ts'
import { createQueueClient } from '../../src/aws/clients/queues.ts'
import { createSecretsClient } from '../../src/aws/clients/secrets.ts'
import { createTableClient } from '../../src/aws/clients/tables.ts'
import { stubEnvironment } from './lambda-environment.ts'
import { hang, hangInBody, type Reply, serve, status } from './scripted-server.ts'

const get = new GetCommand({ TableName: 'table', Key: { pk: 'a', sk: 1 } })

async function tablesAt(...script: [Reply, ...Reply[]]) {
  const { endpoint, requests } = await serve(...script)
  stubEnvironment({ AWS_ENDPOINT_URL_DYNAMODB: endpoint })
  const client = createTableClient()
  onTestFinished(() => {
    client.destroy()
  })
  return { client, requests }
}

describe('a call', () => {
  it('ends whose tries get no answer, or the beginning of one, and soon enough for a reason to be told', async () => {
    const { client, requests } = await tablesAt(hang, hangInBody)
    const start = performance.now()
    await expect(client.send(get)).rejects.toThrow()
    // A try after the one that hung in the body: it was given up as well. That all of it ends is the subject, so its
    // length has to be looked at; API Gateway waits for 29 s.
    expect(requests.length).toBeGreaterThan(2)
    expect(performance.now() - start).toBeLessThan(20_000)
  })

  it('is tried again after a throttle, and after a failure of the service', async () => {
    const found: Reply = (__, response) => {
      response
        .writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
        .end('{"Item":{"n":{"N":"1"}}}')
    }
    const throttle = status(400, 'ThrottlingException', '{"__type":"ThrottlingException"}')
    const { client, requests } = await tablesAt(status(500), throttle, found)
    expect((await client.send(get)).Item).toEqual({ n: 1 })
    expect(requests).toHaveLength(3)
  })

  it('that never comes back is given up with all its tries, and its request with it', async () => {
    const signals: (AbortSignal | undefined)[] = []
    const client = bounded(
      {
        send: async (_: object, options?: { abortSignal?: AbortSignal }) => {
          signals.push(options?.abortSignal)
          return new Promise<never>(() => undefined)
        },
      },
      'DynamoDB',
      20,
    )
    await expect(client.send(get)).rejects.toThrow('a call of DynamoDB took over 20 ms with all its tries')
    expect(signals.map((signal) => signal?.aborted)).toEqual([true])
  })

  it('leaves no timer behind', async () => {
    const client = bounded({ send: async () => 'done' }, 'DynamoDB', 60_000)
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    expect(await client.send()).toBe('done')
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before)
  })
})

describe('the clients', () => {
  it('find their services by the environment, as Lambda sets it', async () => {
    const { endpoint, requests } = await serve(status(400, 'AccessDeniedException'))
    const names = ['DYNAMODB', 'SQS', 'SECRETS_MANAGER'].map((name) => [`AWS_ENDPOINT_URL_${name}`, endpoint])
    stubEnvironment(Object.fromEntries(names) as Record<string, string>)
    const calls = [
      createTableClient().send(get),
      createQueueClient().send(new GetQueueAttributesCommand({ QueueUrl: `${endpoint}/queue` })),
      createSecretsClient().send(new GetSecretValueCommand({ SecretId: 'secret' })),
    ]
    const answers = await Promise.allSettled(calls)
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected', 'rejected'])
    // What was refused is not tried again.
    expect(requests.map(({ headers }) => headers['x-amz-target'])).toEqual(
      expect.arrayContaining([
        'DynamoDB_20120810.GetItem',
        'AmazonSQS.GetQueueAttributes',
        'secretsmanager.GetSecretValue',
      ]),
    )
    expect(requests).toHaveLength(3)
  })

  it('throw when a try takes too long, which the SDK does not by itself', () => {
    expect(handlerWith(1)).toMatchObject({
      requestTimeout: 2000,
      connectionTimeout: 1000,
      throwOnRequestTimeout: true,
    })
  })
})
