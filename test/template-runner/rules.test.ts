import type { Stack } from 'aws-cdk-lib'
import { EventBus, Rule, type RuleProps } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { describe, expect, it } from 'vitest'
import { functionOf, readableLog, resourcesOf, run, withhold } from './support/fixture.ts'
import { entry, heard, messagesIn, serve, source } from './support/listener.ts'

describe('a rule', () => {
  it('hands over what its input path says', async () => {
    const running = await serve()
    expect(await running.putEvents([entry({ id: 1 })])).toEqual({
      FailedEntryCount: 0,
      Entries: [{ EventId: expect.any(String) as string }],
    })
    await running.asyncIdle()
    expect(heard(running)).toEqual([{ id: 1 }])
    expect(running.recording.invocations).toMatchObject([{ trigger: 'rule', outcome: 'returned' }])
  })

  it('without a path hands over the whole event', async () => {
    const running = await serve({ target: () => ({}) })
    await running.putEvents([{ ...entry({ id: 1 }), Resources: ['r'] }])
    await running.asyncIdle()
    expect(heard(running)).toEqual([
      {
        version: '0',
        id: expect.any(String) as string,
        'detail-type': 'Something',
        source: 'app',
        account: '000000000000',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
        region: 'us-east-1',
        resources: ['r'],
        detail: { id: 1 },
      },
    ])
  })

  it('lets pass what it does not want, and what is on another bus', async () => {
    const running = await serve()
    await running.putEvents([
      { ...entry({}), Source: 'other' },
      { ...entry({}), EventBusName: 'another' },
    ])
    await running.asyncIdle()
    expect(heard(running)).toEqual([])
  })

  it('may listen on a bus of its own', async () => {
    const running = await run((stack) => {
      const eventBus = new EventBus(stack, 'Bus', { eventBusName: 'mine' })
      const fn = functionOf(stack, 'Fn', source)
      new Rule(stack, 'Rule', {
        eventBus,
        eventPattern: { source: ['app'] },
        targets: [new LambdaFunction(fn)],
      })
    })
    await running.putEvents([entry({}), { ...entry({ here: true }), EventBusName: 'mine' }])
    await running.asyncIdle()
    expect(heard(running)).toMatchObject([{ detail: { here: true } }])
  })

  it('hears of events that come by the protocol of EventBridge', async () => {
    const running = await serve()
    const call = async (operation: string, body: object): Promise<Response> =>
      fetch(running.endpoints.eventBridge, {
        method: 'POST',
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSEvents.${operation}` },
        body: JSON.stringify(body),
      })
    const response = await call('PutEvents', {
      Entries: [entry({ id: 2 }), { ...entry({}), Detail: 'no JSON' }],
    })
    expect(await response.json()).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{}, { ErrorCode: 'MalformedDetail' }],
    })
    await running.asyncIdle()
    expect(heard(running)).toEqual([{ id: 2 }])
    expect((await call('PutEvents', { Entries: [] })).status).toBe(400)
    expect((await call('ListRules', {})).status).toBe(400)
  })

  it.each<[string, object, string]>([
    ['no source', { DetailType: 'x', Detail: '{}' }, 'InvalidArgument'],
    ['no detail type', { Source: 'x', Detail: '{}' }, 'InvalidArgument'],
    ['a source of AWS', { Source: 'aws.s3', DetailType: 'x', Detail: '{}' }, 'NotAuthorizedForSource'],
    ['a detail that is no object', { Source: 'x', DetailType: 'x', Detail: '[]' }, 'MalformedDetail'],
  ])('never sees an entry with %s', async (_what, wrong, code) => {
    const running = await serve()
    expect(await running.putEvents([wrong])).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: code }],
    })
  })

  it.each<[string, Partial<RuleProps>, string]>([
    [
      'an operator',
      { eventPattern: { source: [{ cidr: '10.0.0.0/8' }] as unknown as string[] } },
      'is not understood',
    ],
  ])('with %s that is not understood is refused', async (_what, rule, message) => {
    await expect(serve({ rule })).rejects.toThrow(message)
  })
})

describe('a rule without permission to invoke its function', () => {
  const withoutPermission = (stack: Stack): void => {
    withhold(resourcesOf(stack, 'AWS::Lambda::Permission'))
  }

  it('loses the event, and the log says what is missing', async () => {
    const { log, lines } = readableLog()
    const running = await serve({ change: withoutPermission }, { log })
    expect(await running.putEvents([entry({})])).toMatchObject({ FailedEntryCount: 0 })
    await running.asyncIdle()
    expect(heard(running)).toEqual([])
    expect(lines.find(({ level }) => level === 'error')?.fields['missing']).toMatch(
      /^no AWS::Lambda::Permission lets events\.amazonaws\.com invoke Fn\w+ with the SourceArn arn:aws:events:us-east-1:0+:rule\/Test-Rule/,
    )
  })

  it('leaves the event to the dead-letter queue of the target', async () => {
    const running = await serve({
      target: (stack) => ({ deadLetterQueue: new Queue(stack, 'Undelivered') }),
      change: withoutPermission,
    })
    await running.putEvents([entry({ id: 7 })])
    expect(await messagesIn(running)).toMatchObject([
      { body: { source: 'app', detail: { id: 7 } }, attributes: { ERROR_CODE: 'NO_PERMISSIONS' } },
    ])
  })

  it('loses it all the same if the policy of that queue does not let EventBridge send', async () => {
    const { log, lines } = readableLog()
    const change = (stack: Stack): void => {
      withoutPermission(stack)
      stack.node.findChild('Undelivered').node.tryRemoveChild('Policy')
    }
    const running = await serve(
      { target: (stack) => ({ deadLetterQueue: new Queue(stack, 'Undelivered') }), change },
      { log },
    )
    await running.putEvents([entry({ id: 7 })])
    expect(await messagesIn(running)).toEqual([])
    expect(
      lines.some(({ message }) => message.includes('the policy of the dead-letter queue does not let')),
    ).toBe(true)
  })
})
