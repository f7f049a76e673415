import { describe, expect, it } from 'vitest'
import { meter, type MeterLine } from '../../../src/template-runner/cost/meter.ts'
import { call, invocation, itemOf, post, recording, sqs } from './snippets.ts'

const KB = 1024
const find = (lines: readonly MeterLine[], operation: string, group?: string) =>
  lines.find((line) => line.operation === operation && (group === undefined || line.group === group))
const metered = (...args: Parameters<typeof recording>) => meter(recording(...args))

describe('each service', () => {
  it('DynamoDB: units by operation, with dollars', () => {
    const lines = metered([
      call('PutItem', { Item: itemOf(1.5) }),
      call('PutItem', { Item: itemOf(0.5) }),
      call('Query', { ConsistentRead: true }, { Items: [] }),
      call('DescribeTable', {}),
    ])
    expect(find(lines, 'PutItem')).toEqual({
      ...{ service: 'DynamoDB', operation: 'PutItem', group: 'queue', price: 'writeUnit' },
      ...{ calls: 2, sdkCalls: 2, units: 3, estimated: 0, dollars: (3 * 0.625) / 1e6 },
    })
    expect(find(lines, 'Query')).toMatchObject({ price: 'readUnit', units: 1, dollars: 0.125 / 1e6 })
    expect(find(lines, 'DescribeTable')).toBeUndefined()
  })

  it('SQS: a batch counts once, in units of 64 KB', () => {
    const entry = (kilobytes: number) => ({ MessageBody: 'x'.repeat(kilobytes * KB) })
    const lines = metered([
      sqs('SendMessageBatch', { Entries: [entry(1), entry(1), entry(1)] }, {}, { caller: 'Handler' }),
      sqs('SendMessageBatch', { Entries: [entry(64), entry(1)] }, {}, { caller: 'Handler' }),
      sqs('SendMessage', entry(200), {}, { caller: 'Handler' }),
      sqs('ReceiveMessage', {}, { Messages: [{ Body: 'x'.repeat(65 * KB) }] }),
      sqs('DeleteMessageBatch', { Entries: [{ Id: '1' }, { Id: '2' }] }),
      sqs('DeleteMessage', {}, {}, { status: 500 }),
    ])
    expect(find(lines, 'SendMessageBatch')).toMatchObject({
      calls: 2,
      units: 3,
      sdkCalls: 2,
      price: 'queueRequest',
    })
    expect(find(lines, 'SendMessage')).toMatchObject({ units: 4, dollars: (4 * 0.5) / 1e6 })
    expect(find(lines, 'ReceiveMessage')).toMatchObject({ units: 2, sdkCalls: 0, group: 'queue' })
    expect(find(lines, 'DeleteMessageBatch')).toMatchObject({ calls: 1, units: 1 })
    expect(find(lines, 'DeleteMessage')).toMatchObject({ calls: 1, units: 0 })
  })

  it('SQS: receives that bring nothing are counted apart', () => {
    const lines = metered([
      sqs('ReceiveMessage', {}, { Messages: [{ Body: 'a' }] }),
      sqs('ReceiveMessage', {}, {}),
      sqs('ReceiveMessage', {}, { Messages: [] }),
    ])
    expect(find(lines, 'ReceiveMessage', 'queue')).toMatchObject({ calls: 1, units: 1 })
    expect(find(lines, 'ReceiveMessage', 'idle poller')).toMatchObject({ calls: 2, units: 2 })
  })

  it('what was dropped on its way is a call, but is not billed', () => {
    const dropped = { status: 0, errorType: 'Dropped' }
    const lines = metered([
      sqs('SendMessage', { MessageBody: 'a' }, undefined, { ...dropped, caller: 'Handler' }),
      call('PutItem', { Item: itemOf(1) }, undefined, dropped),
      post(10, dropped),
    ])
    expect(
      ['SendMessage', 'PutItem', 'PostToConnection'].map((operation) => find(lines, operation)),
    ).toMatchObject([
      { sdkCalls: 1, units: 0 },
      { sdkCalls: 1, units: 0 },
      { sdkCalls: 1, units: 0 },
    ])
  })

  it('API Gateway: posts in units of 32 KB, none for one that was refused', () => {
    const lines = metered([
      post(100),
      post(0),
      post(33 * KB),
      post(128 * KB),
      post(100, { status: 410, errorType: 'GoneException' }),
      call('DeleteConnection', {}, '', { service: 'execute-api' }),
    ])
    expect(find(lines, 'PostToConnection')).toMatchObject({
      ...{ calls: 5, sdkCalls: 5, units: 1 + 1 + 2 + 4, price: 'webSocketMessage' },
    })
    expect(find(lines, 'DeleteConnection')).toMatchObject({ calls: 1, units: 0 })
  })

  it('API Gateway: messages in and route responses by route, connection minutes; posts not again', () => {
    const lines = metered([], [], {
      messagesIn: { ack: { count: 3, units: 3 }, resume: { count: 1, units: 2 } },
      messagesOut: { resume: { count: 1, units: 4 }, '@connections': { count: 9, units: 9 } },
      connectionMinutes: 120,
    })
    expect(lines.map(({ operation, group, units }) => [operation, group, units])).toEqual([
      ['message in', 'ack', 3],
      ['message in', 'resume', 2],
      ['route response', 'resume', 4],
      ['connection', 'open connections', 120],
    ])
    expect(find(lines, 'connection')!.dollars).toBeCloseTo((120 * 0.25) / 1e6, 12)
  })

  it('Lambda: a request and whole milliseconds of memory, the authorizer’s as well', () => {
    const lines = metered(
      [],
      [
        invocation({ memoryMb: 1024, durationMs: 2.1 }),
        invocation({ memoryMb: 512, durationMs: 10 }),
        invocation({ trigger: 'authorizer', routeKey: '$connect', memoryMb: 1024, durationMs: 0.2 }),
      ],
    )
    expect(find(lines, 'invocation', 'queue')).toMatchObject({ calls: 2, units: 2, dollars: (2 * 0.2) / 1e6 })
    expect(find(lines, 'duration, measured here', 'queue')!.units).toBeCloseTo(0.003 + 0.005, 9)
    expect(find(lines, 'duration, measured here', 'authorizer')!.units).toBeCloseTo(0.001, 9)
  })

  it('Lambda: starts are billed, and counted apart', () => {
    const lines = metered([], [invocation({ cold: true, initMs: 99.5, memoryMb: 1024 }), invocation()])
    expect(find(lines, 'start, measured here')).toMatchObject({ group: 'cold starts', calls: 1, units: 0.1 })
  })

  it('HTTP requests and secrets by the request', () => {
    const lines = metered(
      [call('GetSecretValue', {}, {}, { service: 'secretsmanager' })],
      [invocation({ trigger: 'http', routeKey: 'POST /events' })],
    )
    expect(find(lines, 'request')).toMatchObject({ group: 'POST /events', units: 1, dollars: 1 / 1e6 })
    expect(find(lines, 'GetSecretValue')).toMatchObject({ group: 'POST /events', dollars: 0.05 / 1e4 })
  })
})

describe('what a call belongs to', () => {
  const ack = invocation({ at: 1000, durationMs: 10, trigger: 'websocket', routeKey: 'ack' })
  const resume = invocation({ at: 2000, durationMs: 10, trigger: 'websocket', routeKey: 'resume' })
  const groupsAt = (...times: number[]) =>
    metered(
      times.map((at) => call('PutItem', { Item: itemOf(1) }, {}, { at })),
      [ack, resume],
    )
      .filter(({ operation }) => operation === 'PutItem')
      .map(({ group, calls, units }) => ({ group, calls, units }))

  it('is the invocation of its function during which it began', () => {
    expect(groupsAt(1000, 1005, 1011, 2003)).toEqual([
      { group: 'ack', calls: 3, units: 3 },
      { group: 'resume', calls: 1, units: 1 },
    ])
  })

  it('is nothing that is known, outside of all invocations', () => {
    expect(groupsAt(1500)).toEqual([{ group: 'outside invocations', calls: 1, units: 1 }])
  })

  it('is shared by invocations of the same function at the same time', () => {
    const lines = metered(
      [call('PutItem', { Item: itemOf(4) })],
      [ack, invocation({ ...resume, at: 995 }), invocation({ function: 'Other', routeKey: 'ping' })],
    )
    expect(find(lines, 'PutItem', 'ack')).toMatchObject({ calls: 0.5, sdkCalls: 0.5, units: 2 })
    expect(find(lines, 'PutItem', 'resume')).toMatchObject({ calls: 0.5, sdkCalls: 0.5, units: 2 })
    expect(find(lines, 'PutItem', 'ping')).toBeUndefined()
  })

  it('is the runner’s own, when it is not the poller’s', () => {
    const lines = metered([call('PutItem', { Item: itemOf(1) }, {}, { caller: 'runner' })])
    expect(find(lines, 'PutItem')).toMatchObject({ group: 'runner', sdkCalls: 0 })
  })
})

it('counts the calls whose units are a lower bound', () => {
  const lines = metered([
    call('UpdateItem', { Key: { pk: { S: 'a' } } }),
    call('UpdateItem', {}, { ConsumedCapacity: { CapacityUnits: 2 } }),
  ])
  expect(find(lines, 'UpdateItem')).toMatchObject({ calls: 2, units: 3, estimated: 1 })
})
