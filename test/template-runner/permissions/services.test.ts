import { describe, expect, it } from 'vitest'
import { permissionReport } from '../../../src/template-runner/permissions/report.ts'
import {
  allow,
  call,
  LOG_STREAMS,
  pairs,
  prove,
  QUEUE,
  QUEUE_ARN,
  sqs,
  TABLE,
  TABLE_ARN,
  templateWith,
} from './snippets.ts'

const POLLING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']

const mapping = {
  Mapping: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { EventSourceArn: QUEUE_ARN, FunctionName: { Ref: 'Handler' }, BatchSize: 10 },
  },
}

const handler = (more: object) => ({
  Handler: {
    Type: 'AWS::Lambda::Function',
    Properties: { Role: { 'Fn::GetAtt': ['HandlerRole', 'Arn'] }, ...more },
  },
})
const LOGS = { LoggingConfig: { LogGroup: { Ref: 'HandlerLogs' } } }

describe('what AWS services use through a role', () => {
  it('the queue poller’s actions are in use without any call, with reason and source', () => {
    const proof = prove(templateWith([allow(POLLING, QUEUE_ARN)], mapping), [sqs('ReceiveMessage', 'runner')])
    expect(proof.ok).toBe(true)
    expect(proof.usedByTheService.slice(0, 3)).toMatchObject(
      POLLING.map((action) => ({
        ...{ function: 'Handler', action, resource: QUEUE, statement: 'HandlerPolicy, statement 2' },
        ...{ reason: 'the queue poller of its event source mapping' },
        source: expect.stringContaining('AWSLambdaSQSQueueExecutionRole') as string,
      })),
    )
  })

  it('what the runner does on behalf of a function is counted, and must be in the table', () => {
    const template = templateWith([allow(POLLING, QUEUE_ARN)], mapping)
    const onBehalf = (operation: string) => ({ ...sqs(operation, 'runner'), onBehalfOf: 'Handler' })
    const proof = prove(template, [
      onBehalf('ReceiveMessage'),
      onBehalf('DeleteMessageBatch'),
      onBehalf('ReceiveMessage'),
    ])
    expect(proof.usedByTheService.map(({ action, calls }) => [action, calls]).slice(0, 3)).toEqual([
      ['sqs:ReceiveMessage', 2],
      ['sqs:DeleteMessage', 1],
      ['sqs:GetQueueAttributes', 0],
    ])
    expect(permissionReport(proof)).toContain(
      `sqs:ReceiveMessage on ${QUEUE}: the queue poller of its event source mapping (2 calls of the runner in its place; Lambda`,
    )
    expect(() => prove(template, [onBehalf('PurgeQueue')])).toThrow(
      `The runner used sqs:PurgeQueue on ${QUEUE} with the role of Handler, but service-use.ts knows of no service`,
    )
  })

  it('they are missing where the role lacks them', () => {
    const proof = prove(templateWith([allow('sqs:ReceiveMessage', QUEUE_ARN)], mapping), [])
    expect(proof.ok).toBe(false)
    expect(proof.missing).toMatchObject([
      { function: 'Handler', action: 'sqs:DeleteMessage', resource: QUEUE, calls: 0 },
      { function: 'Handler', action: 'sqs:GetQueueAttributes', resource: QUEUE, calls: 0 },
    ])
    expect(proof.missing[0]!.service?.reason).toBe('the queue poller of its event source mapping')
  })

  it('changing the visibility, which the construct library adds, is the function’s right or nobody’s', () => {
    const template = templateWith([allow([...POLLING, 'sqs:ChangeMessageVisibility'], QUEUE_ARN)], mapping)
    expect(pairs(prove(template, []).unused)).toEqual([`sqs:ChangeMessageVisibility on ${QUEUE}`])
    expect(prove(template, [sqs('ChangeMessageVisibility')]).ok).toBe(true)
    const onBehalf = { ...sqs('ChangeMessageVisibilityBatch', 'runner'), onBehalfOf: 'Handler' }
    expect(() => prove(template, [onBehalf])).toThrow('service-use.ts knows of no service that does')
  })

  it('every one of them has a source in AWS’s documentation', () => {
    const traced = handler({
      ...LOGS,
      TracingConfig: { Mode: 'Active' },
      DeadLetterConfig: { TargetArn: QUEUE_ARN },
    })
    const proof = prove(templateWith([], { ...mapping, ...traced }), [])
    expect(proof.missing.length).toBeGreaterThan(5)
    for (const { service } of proof.missing)
      expect(service?.source).toMatch(/Lambda developer guide, [a-z-]+/)
  })

  it('without a mapping, or for another queue, nobody uses them', () => {
    const other = { OtherQueue: { Type: 'AWS::SQS::Queue' } }
    const otherArn = { 'Fn::GetAtt': ['OtherQueue', 'Arn'] }
    expect(prove(templateWith([allow(POLLING, QUEUE_ARN)]), []).unused).toHaveLength(3)
    const proof = prove(templateWith([allow(POLLING, [QUEUE_ARN, otherArn])], { ...mapping, ...other }), [])
    expect(pairs(proof.unused)).toEqual(
      POLLING.map((action) => `${action} on ${QUEUE.replace('Queue', 'OtherQueue')}`),
    )
  })

  it('GetQueueUrl, which the construct library adds, is nobody’s', () => {
    const proof = prove(templateWith([allow([...POLLING, 'sqs:GetQueueUrl'], QUEUE_ARN)], mapping), [])
    expect(pairs(proof.unused)).toEqual([`sqs:GetQueueUrl on ${QUEUE}`])
  })

  it('a function writes its log, and creates the log group where the template does not', () => {
    const noLogs = { HandlerPolicy: { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: {} } } }
    expect(pairs(prove(templateWith([], noLogs), []).missing)).toEqual([
      `logs:CreateLogStream on ${LOG_STREAMS}:log-stream:*`,
      `logs:PutLogEvents on ${LOG_STREAMS}:log-stream:*`,
    ])
    const own = LOG_STREAMS.replace('HandlerLogs', '/aws/lambda/Handler')
    const named = {
      Own: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/lambda/Handler' } },
    }
    expect(pairs(prove(templateWith([], { ...noLogs, ...handler({}) }), []).missing)).toEqual([
      `logs:CreateLogGroup on ${own}:log-stream:*`,
      `logs:CreateLogStream on ${own}:log-stream:*`,
      `logs:PutLogEvents on ${own}:log-stream:*`,
    ])
    expect(pairs(prove(templateWith([], { ...noLogs, ...handler({}), ...named }), []).missing)).not.toContain(
      `logs:CreateLogGroup on ${own}:log-stream:*`,
    )
  })

  it('active tracing needs X-Ray, on every resource because it has none', () => {
    const xray = allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*')
    const traced = handler({ ...LOGS, TracingConfig: { Mode: 'Active' } })
    expect(prove(templateWith([xray], traced), []).ok).toBe(true)
    expect(prove(templateWith([], traced), []).missing).toHaveLength(2)
    expect(prove(templateWith([xray]), []).unused).toHaveLength(2)
  })

  it('dead-letter queues and failure destinations of asynchronous invocations are sent to', () => {
    const send = allow('sqs:SendMessage', QUEUE_ARN)
    const deadLetters = handler({ ...LOGS, DeadLetterConfig: { TargetArn: QUEUE_ARN } })
    const destination = {
      Config: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'Handler' },
          DestinationConfig: { OnFailure: { Destination: QUEUE_ARN } },
        },
      },
    }
    for (const more of [deadLetters, destination]) {
      expect(prove(templateWith([send], more), []).ok).toBe(true)
      expect(pairs(prove(templateWith([], more), []).missing)).toEqual([`sqs:SendMessage on ${QUEUE}`])
    }
  })

  it('what is not in the table is an error', () => {
    expect(() => prove(templateWith([], handler({ ...LOGS, VpcConfig: {} })), [])).toThrow(
      'Handler has VpcConfig: add what AWS does with the role for it to service-use.ts.',
    )
    const stream = {
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: `${TABLE}/stream/1`, FunctionName: { Ref: 'Handler' } },
      },
    }
    expect(() => prove(templateWith([], stream), [])).toThrow('only the poller of SQS queues')
  })
})

describe('the report', () => {
  it('says of each function what is wrong, what to do about it, and what is in order', () => {
    const template = templateWith([
      allow(['dynamodb:Query', 'dynamodb:DeleteItem'], TABLE_ARN, { Sid: 'Read' }),
      allow('dynamodb:Get*', '*'),
    ])
    const failed = { status: 400, errorType: 'ConditionalCheckFailedException' }
    const proof = prove(template, [call('Query'), call('GetItem'), call('PutItem', [TABLE], failed)])
    const stream = `${LOG_STREAMS}:*`
    const source =
      'Lambda developer guide, monitoring-cloudwatchlogs; managed policy AWSLambdaBasicExecutionRole'
    expect(permissionReport(proof).split('\n')).toEqual([
      'Permissions of 1 functions against 3 calls: 1 missing, 1 unused, 1 wider than used.',
      '',
      'Handler',
      `  MISSING  dynamodb:PutItem on ${TABLE}`,
      '           1 call, the first PutItem by Handler at 2026-09-21T14:13:20.000Z (status 400 ConditionalCheckFailedException)',
      `           add to the role: {"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"${TABLE}"}`,
      `  UNUSED   dynamodb:DeleteItem on ${TABLE}`,
      '           remove it from HandlerPolicy, statement 2 (Read), or test what needs it',
      '  WIDER THAN USED  dynamodb:Get* on *',
      '           in HandlerPolicy, statement 3: name instead',
      '             dynamodb:GetItem',
      `             ${TABLE}`,
      `  used     dynamodb:Query on ${TABLE}: 1 call, the first Query by Handler at 2026-09-21T14:13:20.000Z (status 200) [HandlerPolicy, statement 2 (Read)]`,
      `  service  logs:CreateLogStream on ${stream.replace(':*', ':log-stream:*')}: Lambda writes what the function prints (${source}) [HandlerPolicy, statement 1]`,
      `  service  logs:PutLogEvents on ${stream.replace(':*', ':log-stream:*')}: Lambda writes what the function prints (${source}) [HandlerPolicy, statement 1]`,
    ])
  })

  it('says whom a service’s need and a refusal concern, and who was left out', () => {
    const refusal = { Effect: 'Deny', Action: 'sqs:DeleteMessage', Resource: '*' }
    const template = templateWith([allow(POLLING.slice(0, 2), QUEUE_ARN), refusal], mapping)
    const report = permissionReport(prove(template, []))
    expect(report).toContain(
      'no call shows it\n           needed: the queue poller of its event source mapping (',
    )
    expect(report).toContain('refused by HandlerPolicy, statement 3: change it')
    expect(permissionReport(prove(template, [], { leftOut: { Handler: 'not run' } }))).toContain(
      'Handler\n  left out: not run',
    )
  })
})
