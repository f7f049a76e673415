import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { describe, expect, it } from 'vitest'
import { functionOf, readableLog, run } from './support/fixture.ts'
import { entry, messagesIn, serve, source } from './support/listener.ts'

describe('a function that fails', () => {
  it('is tried twice more', async () => {
    const running = await serve()
    await running.putEvents([entry({ fail: 2 })])
    await running.asyncIdle()
    expect(running.recording.invocations.map(({ outcome }) => outcome)).toEqual([
      'threw',
      'threw',
      'returned',
    ])
  })

  it('for good is told to the OnFailure destination, with the role of the function', async () => {
    const running = await serve({
      change: (stack, fn) => {
        fn.configureAsyncInvoke({
          retryAttempts: 1,
          onFailure: new SqsDestination(new Queue(stack, 'Failed')),
        })
      },
    })
    await running.putEvents([entry({ fail: 'always' })])
    await running.asyncIdle()
    expect(await messagesIn(running)).toMatchObject([
      {
        body: {
          version: '1.0',
          requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 },
          requestPayload: { fail: 'always' },
          responseContext: { statusCode: 200, functionError: 'Unhandled' },
          responsePayload: { errorType: 'Error', errorMessage: 'try 2' },
        },
      },
    ])
    const sent = running.recording.calls.find(({ operation }) => operation === 'SendMessage')
    expect(sent).toMatchObject({
      caller: 'runner',
      onBehalfOf: expect.stringMatching(/^Fn/) as string,
      status: 200,
    })
  })

  it('for good leaves its event to its dead-letter queue', async () => {
    const running = await run((stack) => {
      const fn = functionOf(stack, 'Fn', source, {
        deadLetterQueue: new Queue(stack, 'Dead'),
        retryAttempts: 0,
      })
      const event = RuleTargetInput.fromEventPath('$.detail')
      new Rule(stack, 'Rule', {
        eventPattern: { source: ['app'] },
        targets: [new LambdaFunction(fn, { event })],
      })
    })
    await running.putEvents([entry({ fail: 'always' })])
    await running.asyncIdle()
    expect(running.recording.invocations).toHaveLength(1)
    expect(await messagesIn(running)).toMatchObject([
      { body: { fail: 'always' }, attributes: { ErrorCode: '200', ErrorMessage: 'try 1' } },
    ])
  })
})

describe('an event that is larger than Lambda queues', () => {
  const large = entry({ text: 'x'.repeat(1024 * 1024) })

  it('is lost, and the log says why', async () => {
    const { log, lines } = readableLog()
    const running = await serve({}, { log })
    expect(await running.putEvents([large])).toMatchObject({ FailedEntryCount: 0 })
    await running.asyncIdle()
    expect(running.recording.invocations).toEqual([])
    expect(lines.find(({ level }) => level === 'error')?.fields['error']).toBe(
      '1048587 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
    )
  })

  it('is left to the dead-letter queue of the target, as far as that takes it', async () => {
    const running = await serve({
      target: (stack) => ({
        event: RuleTargetInput.fromObject({ text: 'x'.repeat(1024 * 1024) }),
        deadLetterQueue: new Queue(stack, 'Undelivered'),
      }),
    })
    await running.putEvents([entry({ id: 7 })])
    expect(await messagesIn(running)).toMatchObject([
      { body: { source: 'app', detail: { id: 7 } }, attributes: { ERROR_CODE: 'ERROR_FROM_TARGET' } },
    ])
  })
})
