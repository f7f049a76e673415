import { EventBus } from 'aws-cdk-lib/aws-events'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  flat,
  idOf,
  labelsOf,
  ofType,
  only,
  rightsOf,
  roleOf,
  SYNTHESIS_MS,
  synthesize,
  type Synthesized,
  variablesOf,
} from './synthesized.ts'

const PATTERN = { source: ['app.sessions'], detailType: ['SessionCompleted'] }

let off: Synthesized
let on: Synthesized
beforeAll(() => {
  off = synthesize()
  on = synthesize({ eventBridge: { eventPattern: PATTERN } })
}, SYNTHESIS_MS)

const undelivered = (): string => idOf(on.stack, on.fanout.undeliveredQueue!)

describe('EventBridge', () => {
  it('is off by default, with nothing of it left', () => {
    off.template.resourceCountIs('AWS::Events::Rule', 0)
    off.template.resourceCountIs('AWS::Lambda::EventInvokeConfig', 0)
    off.template.resourceCountIs('AWS::SQS::Queue', 2)
    expect(off.fanout.undeliveredQueue).toBeUndefined()
    expect(JSON.stringify(off.resources)).not.toContain('events.amazonaws.com')
  })

  it('gives the detail of matching events to the event function, patiently', () => {
    const { Properties } = only(on.resources, 'AWS::Events::Rule')
    expect(Properties).toMatchObject({
      EventPattern: { source: ['app.sessions'], 'detail-type': ['SessionCompleted'] },
      State: 'ENABLED',
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [idOf(on.stack, on.fanout.functions.event), 'Arn'] },
          InputPath: '$.detail',
          RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [undelivered(), 'Arn'] } },
        },
      ],
    })
    expect(Properties).not.toHaveProperty('EventBusName')
  })

  it('reads the bus that is given', () => {
    const asked = synthesize((stack) => ({
      eventBridge: { eventBus: EventBus.fromEventBusName(stack, 'Bus', 'business'), eventPattern: PATTERN },
    }))
    asked.template.hasResourceProperties('AWS::Events::Rule', { EventBusName: 'business' })
  })

  it('may invoke that function from that rule alone', () => {
    const permission = only(
      on.resources,
      'AWS::Lambda::Permission',
      ({ Principal }) => Principal === 'events.amazonaws.com',
    )
    const [[rule]] = ofType(on.resources, 'AWS::Events::Rule') as [[string, unknown]]
    expect(permission.Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [idOf(on.stack, on.fanout.functions.event), 'Arn'] },
      SourceArn: { 'Fn::GetAtt': [rule, 'Arn'] },
    })
  })

  it('keeps what could not be delivered in a standard queue: FIFO ones are refused there', () => {
    expect(on.resources[undelivered()]!.Properties).not.toHaveProperty('FifoQueue')
    expect(on.resources[undelivered()]).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: { SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 },
    })
    const policy = only(on.resources, 'AWS::SQS::QueuePolicy', ({ Queues }) =>
      JSON.stringify(Queues).includes(undelivered()),
    )
    const { Statement } = policy.Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] }
    const [[rule]] = ofType(on.resources, 'AWS::Events::Rule') as [[string, unknown]]
    expect(Statement.filter(({ Effect }) => Effect === 'Allow')).toEqual([
      expect.objectContaining({
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } },
      }),
    ])
  })

  it('keeps what the function failed at as well', () => {
    expect(only(on.resources, 'AWS::Lambda::EventInvokeConfig').Properties).toMatchObject({
      FunctionName: { Ref: idOf(on.stack, on.fanout.functions.event) },
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21_600,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [undelivered(), 'Arn'] } } },
    })
  })

  it('adds one right to one function, and no variable', () => {
    const rights = (of: Synthesized) => rightsOf(of.resources, roleOf(of, 'event'), labelsOf(of))
    const before = rights(off)
    expect(rights(on).filter((right) => !before.includes(right))).toEqual([
      `sqs:SendMessage on ${flat({ Ref: undelivered() })}`,
    ])
    expect(variablesOf(on, 'event')).toEqual(variablesOf(off, 'event'))
  })

  it('is refused without a pattern, which would match nothing or everything', () => {
    expect(() => synthesize({ eventBridge: { eventPattern: {} } })).toThrow(
      'eventBridge.eventPattern is empty; say which events to publish',
    )
  })
})
