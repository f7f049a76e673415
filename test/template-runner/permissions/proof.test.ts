import { describe, expect, it } from 'vitest'
import {
  allow,
  call,
  connectionsArn,
  LOG_STREAMS,
  LOGGING,
  OTHER_TABLE,
  pairs,
  post,
  POSTS,
  prove,
  QUEUE,
  QUEUE_ARN,
  sqs,
  TABLE,
  TABLE_ARN,
  templateWith,
} from './snippets.ts'

describe('the permission proof', () => {
  it('is content when every call is allowed and everything allowed is used', () => {
    const template = templateWith([
      allow(['dynamodb:PutItem', 'dynamodb:Query'], TABLE_ARN),
      allow('execute-api:ManageConnections', connectionsArn('/prod/POST/@connections/*')),
      allow('sqs:SendMessage', QUEUE_ARN),
    ])
    const calls = [call('PutItem'), call('Query'), post('a='), post('b='), sqs('SendMessageBatch')]
    const proof = prove(template, calls)
    expect(proof).toMatchObject({
      ok: true,
      missing: [],
      unused: [],
      wider: [],
      functions: ['Handler'],
      calls: 5,
    })
    expect(proof.used.map(({ action, calls }) => [action, calls])).toEqual([
      ['logs:CreateLogStream', 0],
      ['logs:PutLogEvents', 0],
      ['dynamodb:PutItem', 1],
      ['dynamodb:Query', 1],
      ['execute-api:ManageConnections', 2],
      ['sqs:SendMessage', 1],
    ])
  })

  it('fails on a call that nothing allows, names the first one and counts them', () => {
    const proof = prove(templateWith([allow('dynamodb:Query', TABLE_ARN)]), [
      call('Query'),
      call('PutItem', [TABLE], { at: 5 }),
      call('PutItem', [TABLE], { at: 6 }),
    ])
    expect(proof.ok).toBe(false)
    expect(proof.missing).toMatchObject([
      { function: 'Handler', action: 'dynamodb:PutItem', resource: TABLE, calls: 2, firstCall: { at: 5 } },
    ])
    expect(proof.missing[0]!.deniedBy).toBeUndefined()
  })

  it('fails on an allowed action that no call used', () => {
    const proof = prove(templateWith([allow(['dynamodb:Query', 'dynamodb:DeleteItem'], TABLE_ARN)]), [
      call('Query'),
    ])
    expect(proof.ok).toBe(false)
    expect(proof.missing).toEqual([])
    expect(proof.unused).toMatchObject([
      { action: 'dynamodb:DeleteItem', resource: TABLE, statement: 'HandlerPolicy, statement 2', calls: 0 },
    ])
  })

  it('takes a statement apart into each action on each resource', () => {
    const template = templateWith([allow(['dynamodb:Query', 'dynamodb:PutItem'], [TABLE_ARN, OTHER_TABLE])])
    const proof = prove(template, [call('Query'), call('PutItem', [OTHER_TABLE])])
    expect(pairs(proof.unused)).toEqual([`dynamodb:Query on ${OTHER_TABLE}`, `dynamodb:PutItem on ${TABLE}`])
  })

  it('wants a batch over two tables to be allowed on both', () => {
    const proof = prove(templateWith([allow('dynamodb:BatchGetItem', TABLE_ARN)]), [
      call('BatchGetItem', [TABLE, OTHER_TABLE]),
    ])
    expect(pairs(proof.missing)).toEqual([`dynamodb:BatchGetItem on ${OTHER_TABLE}`])
  })

  it('asks for the action of each part of a transaction', () => {
    const proof = prove(templateWith([allow('dynamodb:PutItem', TABLE_ARN)]), [
      call('TransactWriteItems', [TABLE], {
        request: { TransactItems: [{ Put: { TableName: 'Log' } }, { ConditionCheck: { TableName: 'Log' } }] },
      }),
    ])
    expect(pairs(proof.missing)).toEqual([`dynamodb:ConditionCheckItem on ${TABLE}`])
  })

  it('counts a refused call, too: without the permission it would have failed otherwise', () => {
    const failed = { status: 400, errorType: 'ConditionalCheckFailedException' }
    expect(prove(templateWith([]), [call('PutItem', [TABLE], failed)]).missing).toMatchObject([
      { action: 'dynamodb:PutItem', firstCall: failed },
    ])
  })

  it('treats posts to different connections as one', () => {
    const proof = prove(templateWith([]), [post('a='), post('b=')])
    expect(proof.missing).toMatchObject([{ resource: `${POSTS}/*`, calls: 2 }])
  })

  it('lets functions that share a role share what it allows', () => {
    const template = templateWith([allow(['dynamodb:Query', 'dynamodb:PutItem'], TABLE_ARN)], {
      Second: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Role: { 'Fn::GetAtt': ['HandlerRole', 'Arn'] },
          LoggingConfig: { LogGroup: { Ref: 'HandlerLogs' } },
        },
      },
    })
    const proof = prove(template, [call('Query'), call('PutItem', [TABLE], { caller: 'Second' })])
    expect(proof).toMatchObject({ ok: true, functions: ['Handler', 'Second'] })
  })

  it('keeps the roles of different functions apart', () => {
    const template = templateWith([allow('dynamodb:Query', TABLE_ARN)], {
      Second: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Role: { 'Fn::GetAtt': ['SecondRole', 'Arn'] },
          LoggingConfig: { LogGroup: { Ref: 'HandlerLogs' } },
        },
      },
      SecondRole: {
        Type: 'AWS::IAM::Role',
        Properties: { Policies: [{ PolicyName: 'Inline', PolicyDocument: { Statement: LOGGING } }] },
      },
    })
    const proof = prove(template, [call('Query', [TABLE], { caller: 'Second' })])
    expect(proof.missing).toMatchObject([{ function: 'Second', action: 'dynamodb:Query' }])
    expect(proof.unused).toMatchObject([{ functions: ['Handler'], action: 'dynamodb:Query' }])
  })

  it('does not take a statement for used whose condition did not hold', () => {
    const condition = { Condition: { StringEquals: { 'aws:PrincipalAccount': '999999999999' } } }
    const proof = prove(
      templateWith([allow('dynamodb:Query', TABLE_ARN), allow('dynamodb:Query', TABLE_ARN, condition)]),
      [call('Query')],
    )
    expect(proof.unused).toMatchObject([{ statement: 'HandlerPolicy, statement 3' }])
  })

  it('leaves out the functions it is told to, and only functions that exist', () => {
    const template = templateWith([allow('dynamodb:Query', TABLE_ARN)])
    const leftOut = { Handler: 'runs at deployment only' }
    expect(prove(template, [], { leftOut })).toMatchObject({ ok: true, functions: [], leftOut })
    expect(() => prove(template, [], { leftOut: { Handlr: '' } })).toThrow(
      'Handlr is to be left out, but is no function of the template: Handler',
    )
  })

  it('refuses a call by nobody it knows, and an operation whose action it does not know', () => {
    expect(() => prove(templateWith([]), [call('Query', [TABLE], { caller: 'Stranger' })])).toThrow(
      'dynamodb:Query was called by Stranger, which is no function of the template: Handler',
    )
    expect(() => prove(templateWith([]), [call('ExecuteStatement')])).toThrow(
      'It is not known here which IAM action dynamodb:ExecuteStatement needs.',
    )
  })

  it('refuses a template without functions, which would prove nothing', () => {
    expect(() => prove({ Resources: {} }, [])).toThrow('there is nothing to prove')
  })
})

describe('what is wider than used', () => {
  const widerOf = (action: string, resource: unknown, ...calls: Parameters<typeof prove>[1]) => {
    const proof = prove(templateWith([allow(action, resource)]), calls)
    expect(proof.missing).toEqual([])
    return {
      ok: proof.ok,
      wider: proof.wider.map(({ actionsUsed, resourcesUsed }) => ({ actionsUsed, resourcesUsed })),
    }
  }

  it('is every resource where one table would do', () => {
    expect(widerOf('dynamodb:Query', '*', call('Query'), call('Query'))).toEqual({
      ok: false,
      wider: [{ actionsUsed: ['dynamodb:Query'], resourcesUsed: [TABLE] }],
    })
  })

  it('is every action where two would do', () => {
    expect(widerOf('dynamodb:*', TABLE_ARN, call('Query'), call('PutItem'))).toEqual({
      ok: false,
      wider: [{ actionsUsed: ['dynamodb:Query', 'dynamodb:PutItem'], resourcesUsed: [TABLE] }],
    })
  })

  it('is every stage and method of an API, but not every connection', () => {
    const used = [{ actionsUsed: ['execute-api:ManageConnections'], resourcesUsed: [`${POSTS}/*`] }]
    const widerAt = (path: string) =>
      widerOf('execute-api:ManageConnections', connectionsArn(path), post('a='), post('b='))
    expect(widerAt('/*/*/@connections/*')).toEqual({ ok: false, wider: used })
    expect(widerAt('/prod/*/@connections/*')).toEqual({ ok: false, wider: used })
    expect(widerAt('/prod/POST/*')).toEqual({ ok: false, wider: used })
    expect(widerAt('/prod/POST/@connections/*')).toEqual({ ok: true, wider: [] })
  })

  it('is every log group, but not every stream of one', () => {
    const logging = (resource: string) => ({
      HandlerPolicy: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          PolicyDocument: { Statement: allow(['logs:CreateLogStream', 'logs:PutLogEvents'], resource) },
          Roles: [{ Ref: 'HandlerRole' }],
        },
      },
    })
    const wider = (resource: string) => prove(templateWith([], logging(resource)), []).wider
    expect(wider(`${LOG_STREAMS}:*`)).toEqual([])
    expect(wider(`${LOG_STREAMS}:log-stream:*`)).toEqual([])
    expect(wider('*')).toMatchObject([
      { action: 'logs:CreateLogStream', resourcesUsed: [`${LOG_STREAMS}:log-stream:*`] },
      { action: 'logs:PutLogEvents', resourcesUsed: [`${LOG_STREAMS}:log-stream:*`] },
    ])
    const account = 'arn:aws:logs:us-east-1:123456789012'
    for (const wide of [
      'arn:aws:logs:*',
      `${account}:*`,
      `${account}:log-group:*`,
      `${account}:log-group:Handler*:*`,
    ])
      expect(wider(wide), wide).toHaveLength(2)
  })

  it('is a queue whose name is half a wildcard', () => {
    expect(widerOf('sqs:SendMessage', 'arn:aws:sqs:us-east-1:*:Qu?ue', sqs('SendMessage'))).toEqual({
      ok: false,
      wider: [{ actionsUsed: ['sqs:SendMessage'], resourcesUsed: [QUEUE] }],
    })
  })
})
