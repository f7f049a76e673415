import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { AttributeType, BillingMode, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { describe, expect, it } from 'vitest'
import type { RunningTemplate } from '../../src/template-runner/run-template.ts'
import { caller, only, send } from './support/caller.ts'
import { readableLog, run } from './support/fixture.ts'

const key = { partitionKey: { name: 'pk', type: AttributeType.STRING } }

describe('DynamoDB', () => {
  const table = (stack: Stack): void => {
    new TableV2(stack, 'Table', {
      ...key,
      sortKey: { name: 'sk', type: AttributeType.NUMBER },
      tableName: 'events',
      timeToLiveAttribute: 'ttl',
      removalPolicy: RemovalPolicy.DESTROY,
    })
    caller(stack, 'dynamodb', 'DynamoDBClient')
  }

  it('a call is recorded as IAM would see it, with the capacity it took', async () => {
    const running = await run(table)
    const item = { pk: { S: 'a' }, sk: { N: '1' } }
    await send(running, 'PutItem', { TableName: 'events', Item: item })
    expect(only(running)).toMatchObject({
      caller: expect.stringMatching(/^Caller/) as string,
      service: 'dynamodb',
      operation: 'PutItem',
      resources: ['arn:aws:dynamodb:us-east-1:000000000000:table/events'],
      status: 200,
      request: { TableName: 'events', Item: item },
      response: { ConsumedCapacity: { CapacityUnits: 1 } },
    })
    expect(only(running)).not.toHaveProperty('errorType')
    expect(only(running)).not.toHaveProperty('onBehalfOf')
  })

  it('an error has its type', async () => {
    const running = await run(table)
    const input = {
      TableName: 'events',
      Item: { pk: { S: 'a' }, sk: { N: '1' } },
      ConditionExpression: 'attribute_exists(pk)',
    }
    expect(await send(running, 'PutItem', input)).toEqual({ failed: 'ConditionalCheckFailedException' })
    expect(only(running)).toMatchObject({ status: 400, errorType: 'ConditionalCheckFailedException' })
  })

  it('the table has the key of the template', async () => {
    const running = await run(table)
    const item = { pk: { S: 'a' }, sk: { S: 'not a number' } }
    expect(await send(running, 'PutItem', { TableName: 'events', Item: item })).toEqual({
      failed: 'ValidationException',
    })
  })

  it('a batch touches all of its tables, a query of an index the index', async () => {
    const running = await run((stack) => {
      const billing = { billingMode: BillingMode.PAY_PER_REQUEST, removalPolicy: RemovalPolicy.DESTROY }
      new Table(stack, 'One', { ...key, ...billing, tableName: 'one-table' })
      const two = new Table(stack, 'Two', { ...key, ...billing, tableName: 'two-table' })
      two.addGlobalSecondaryIndex({
        indexName: 'by-user',
        partitionKey: { name: 'user', type: AttributeType.STRING },
      })
      caller(stack, 'dynamodb', 'DynamoDBClient')
    })
    const keys = { Keys: [{ pk: { S: 'a' } }] }
    await send(running, 'BatchGetItem', { RequestItems: { 'one-table': keys, 'two-table': keys } })
    await send(running, 'Query', {
      TableName: 'two-table',
      IndexName: 'by-user',
      KeyConditionExpression: '#u = :u',
      ExpressionAttributeNames: { '#u': 'user' },
      ExpressionAttributeValues: { ':u': { S: 'x' } },
    })
    const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table'
    expect(running.recording.calls.map(({ resources, status }) => [status, resources])).toEqual([
      [200, [`${arn}/one-table`, `${arn}/two-table`]],
      [200, [`${arn}/two-table/index/by-user`]],
    ])
  })
})

describe('SQS', () => {
  const queue = (stack: Stack): void => {
    const made = new Queue(stack, 'Queue', { queueName: 'work.fifo', fifo: true })
    caller(stack, 'sqs', 'SQSClient', { QUEUE_URL: made.queueUrl })
  }

  it('a call is recorded under the ARN of its queue; the URL of the template leads here', async () => {
    const running = await run(queue)
    const [queueUrl] = Object.values(running.queueUrls)
    const input = {
      QueueUrl: queueUrl,
      MessageBody: 'hello',
      MessageGroupId: 'g',
      MessageDeduplicationId: 'd',
    }
    expect(await send(running, 'SendMessage', input)).toHaveProperty('MessageId')
    expect(only(running)).toMatchObject({
      service: 'sqs',
      operation: 'SendMessage',
      resources: ['arn:aws:sqs:us-east-1:000000000000:work.fifo'],
      request: input,
    })
    expect(await send(running, 'GetQueueUrl', { QueueName: 'work.fifo' })).toEqual({ QueueUrl: queueUrl })
    expect(running.recording.counters.queueRequests).toEqual({ SendMessage: 1, GetQueueUrl: 1 })
  })

  it('the attributes of the template hold', async () => {
    const running = await run(queue)
    const [queueUrl] = Object.values(running.queueUrls)
    expect(
      await send(running, 'SendMessage', { QueueUrl: queueUrl, MessageBody: 'no group' }),
    ).toHaveProperty('failed')
  })

  it('a call from outside is recorded under its own key', async () => {
    const running = await run(queue)
    const client = new SQSClient({
      endpoint: running.endpoints.sqs,
      region: 'us-east-1',
      credentials: { accessKeyId: 'visitor', secretAccessKey: 'any' },
    })
    await client.send(new PurgeQueueCommand({ QueueUrl: Object.values(running.queueUrls)[0] }))
    client.destroy()
    expect(only(running)).toMatchObject({ caller: 'visitor', operation: 'PurgeQueue', status: 200 })
  })
})

describe('Secrets Manager', () => {
  const secret = (stack: Stack): void => {
    const made = new Secret(stack, 'Secret', {
      secretName: 'keys',
      generateSecretString: { passwordLength: 40, excludePunctuation: true, excludeNumbers: true },
    })
    caller(stack, 'secrets-manager', 'SecretsManagerClient', { SECRET_ARN: made.secretArn })
  }

  it('a secret is generated as the template says, and read under its ARN', async () => {
    const running = await run(secret)
    const read = (await send(running, 'GetSecretValue', { SecretId: 'keys' })) as Record<string, string>
    expect(read['SecretString']).toMatch(/^[A-Za-z]{40}$/)
    expect(Object.values(running.secrets)).toEqual([read['SecretString']])
    const { resources, operation } = only(running)
    expect([operation, resources]).toEqual(['GetSecretValue', [read['ARN']]])
    expect(read['ARN']).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:keys-[a-z\d]{6}$/)
  })

  it('a value may be given from outside, but for no secret that is not there', async () => {
    const running = await run(secret, { secrets: 'from outside' })
    expect(await send(running, 'GetSecretValue', { SecretId: 'keys' })).toMatchObject({
      SecretString: 'from outside',
    })
    await expect(run((stack) => new Queue(stack, 'Queue'), { secrets: 'x' })).rejects.toThrow(
      'one secret was given, but the template does not have exactly one: none',
    )
    await expect(run(secret, { secrets: { Other: 'x' } })).rejects.toThrow(
      'the secret Other, which is not in the template',
    )
  })

  it('one that the template only names is served if its value is given', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:theirs-AbCdEf'
    const named = (stack: Stack): void => {
      caller(stack, 'secrets-manager', 'SecretsManagerClient', { SECRET_ARN: arn })
    }
    const input = { SecretId: arn }
    for (const secrets of ['from outside', { [arn]: 'from outside' }]) {
      const running = await run(named, { secrets })
      expect(await send(running, 'GetSecretValue', input)).toMatchObject({ SecretString: 'from outside' })
      expect(only(running).resources).toEqual([arn])
      expect(running.warnings.filter((text) => text.includes('secret'))).toEqual([])
    }
    const running = await run(named)
    expect(await send(running, 'GetSecretValue', input)).toEqual({ failed: 'ResourceNotFoundException' })
    expect(running.warnings).toContain(
      `the secret ${arn} is not in the template: give its value (option \`secrets\`)`,
    )
  })

  it('an unknown secret is not found', async () => {
    const running = await run(secret)
    expect(await send(running, 'GetSecretValue', { SecretId: 'other' })).toEqual({
      failed: 'ResourceNotFoundException',
    })
  })
})

it('a service that is not served here is refused by name, and nothing leaves this machine', async () => {
  const { log, lines } = readableLog()
  const running = await run(
    (stack) => {
      caller(stack, 'sns', 'SNSClient')
    },
    { log },
  )
  expect(await send(running, 'ListTopics', {})).toHaveProperty('failed')
  expect(lines).toContainEqual({
    level: 'error',
    message: 'a function called a service of AWS that is not served here',
    fields: expect.objectContaining({
      service: 'sns',
      caller: expect.stringMatching(/^Caller/) as string,
    }) as object,
  })
})

describe('faults', () => {
  const table = (stack: Stack): void => {
    new TableV2(stack, 'Table', { ...key, tableName: 'events', removalPolicy: RemovalPolicy.DESTROY })
    caller(stack, 'dynamodb', 'DynamoDBClient')
  }
  const put = { TableName: 'events', Item: { pk: { S: 'a' } } }
  const count = async (running: RunningTemplate): Promise<unknown> => {
    const answer = (await send(running, 'Scan', { TableName: 'events' })) as Record<string, unknown>
    return answer['Count']
  }

  it('before a call keep it from the engine', async () => {
    const running = await run(table)
    running.faults.before = () => ({ status: 400, errorType: 'ProvisionedThroughputExceededException' })
    expect(await send(running, 'PutItem', put)).toEqual({ failed: 'ProvisionedThroughputExceededException' })
    expect(only(running)).toMatchObject({ status: 400, errorType: 'ProvisionedThroughputExceededException' })
    running.faults.before = undefined
    expect(await count(running)).toBe(0)
  })

  it('after a call keep the answer from the caller', async () => {
    const running = await run(table)
    running.faults.after = ({ operation }) => (operation === 'PutItem' ? 'drop' : undefined)
    expect(await send(running, 'PutItem', put)).toHaveProperty('failed')
    expect(only(running)).toMatchObject({ operation: 'PutItem', status: 200 })
    expect(await count(running)).toBe(1)
  })

  it('may delay a call for as long as a test wants', async () => {
    const running = await run(table)
    const held: string[] = []
    let letGo = (): void => undefined
    running.faults.before = async ({ operation }) => {
      held.push(operation)
      await new Promise<void>((resolve) => {
        letGo = resolve
      })
      return undefined
    }
    const putting = send(running, 'PutItem', put)
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(running.recording.calls).toEqual([])
    letGo()
    await putting
    expect(only(running).operation).toBe('PutItem')
  })
})

it('a recording can be reset while it runs', async () => {
  const running = await run((stack) => {
    caller(stack, 'sqs', 'SQSClient')
  })
  await send(running, 'ListQueues', {})
  const before = running.recording.calls
  running.recording.reset()
  expect([before.length, running.recording.calls.length, running.recording.invocations.length]).toEqual([
    1, 0, 0,
  ])
  expect(running.recording.counters.queueRequests).toEqual({})
})
