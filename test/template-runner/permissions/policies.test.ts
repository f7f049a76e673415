import { describe, expect, it } from 'vitest'
import {
  allow,
  call,
  OTHER_TABLE,
  pairs,
  prove,
  QUEUE,
  QUEUE_ARN,
  sqs,
  TABLE,
  TABLE_ARN,
  templateWith,
} from './snippets.ts'

const role = (Properties: unknown) => ({ HandlerRole: { Type: 'AWS::IAM::Role', Properties } })
const deny = (Action: unknown, Resource: unknown, more = {}) => ({
  Effect: 'Deny',
  Action,
  Resource,
  ...more,
})
const querying = (...statements: unknown[]) =>
  templateWith([allow('dynamodb:Query', TABLE_ARN), ...statements])

describe('where a role’s statements come from', () => {
  const sendMessage = { Version: '2012-10-17', Statement: [allow('sqs:SendMessage', QUEUE_ARN)] }
  const sent = [sqs('SendMessage')]

  it('policies within the role', () => {
    const inline = role({ Policies: [{ PolicyName: 'Send', PolicyDocument: sendMessage }] })
    expect(prove(templateWith([], inline), sent).ok).toBe(true)
    expect(prove(templateWith([], inline), []).unused).toMatchObject([
      { statement: 'HandlerRole, policy Send, statement 1' },
    ])
  })

  it('managed policies of the template, attached from either side', () => {
    const managed = (more: object) => ({
      Send: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: sendMessage, ...more } },
    })
    const named = managed({ Roles: [{ Ref: 'HandlerRole' }] })
    const attached = { ...managed({}), ...role({ ManagedPolicyArns: [{ Ref: 'Send' }] }) }
    expect(prove(templateWith([], named), sent).ok).toBe(true)
    expect(prove(templateWith([], attached), sent).ok).toBe(true)
    expect(prove(templateWith([], managed({})), sent).ok).toBe(false)
  })

  it('AWS’s own managed policies, if they are known', () => {
    const awsPolicy = (name: string) =>
      role({
        ManagedPolicyArns: [
          { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::aws:policy/${name}`]] },
          { Ref: 'AWS::NoValue' },
        ],
      })
    const basic = prove(templateWith([], awsPolicy('service-role/AWSLambdaBasicExecutionRole')), [])
    expect(pairs(basic.unused)).toEqual(['logs:CreateLogGroup on *'])
    expect(pairs(basic.wider)).toEqual(['logs:CreateLogStream on *', 'logs:PutLogEvents on *'])
    expect(() => prove(templateWith([], awsPolicy('AmazonDynamoDBFullAccess')), [])).toThrow(
      'Role HandlerRole has the managed policy arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess, whose text is neither',
    )
  })

  it('a role outside the template, a boundary and what is not understood are errors', () => {
    const outside = { Role: 'arn:aws:iam::123456789012:role/Elsewhere' }
    const proveWith = (more: Parameters<typeof templateWith>[1]) => () => prove(templateWith([], more), [])
    expect(proveWith({ Handler: { Type: 'AWS::Lambda::Function', Properties: outside } })).toThrow(
      'The role of Handler is "arn:aws:iam::123456789012:role/Elsewhere", which is no role of this template',
    )
    expect(proveWith(role({ PermissionsBoundary: 'arn:…' }))).toThrow('has a PermissionsBoundary')
    expect(() => prove(querying({ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }), [])).toThrow(
      'HandlerPolicy, statement 3 has NotAction, which is not understood here',
    )
    expect(() => prove(querying({ Effect: 'Permit', Action: 's3:*', Resource: '*' }), [])).toThrow(
      'Effect of HandlerPolicy, statement 3 must be Allow or Deny, not "Permit"',
    )
  })
})

describe('wildcards', () => {
  it('stand for any run of characters and for one, in actions without regard to case', () => {
    const allowed = (action: string, resource: string) =>
      prove(templateWith([allow(action, resource)]), [call('Query')]).missing.length === 0
    expect(allowed('DynamoDB:query', TABLE)).toBe(true)
    expect(allowed('dynamodb:Que*', 'arn:aws:dynamodb:*:table/Log')).toBe(true)
    expect(allowed('dynamodb:?uery', 'arn:aws:dynamodb:us-east-1:123456789012:table/L?g')).toBe(true)
    expect(allowed('dynamodb:?Query', '*')).toBe(false)
    expect(allowed('dynamodb:Get*', '*')).toBe(false)
    expect(allowed('dynamodb:Query', TABLE.toLowerCase())).toBe(false)
    expect(allowed('dynamodb:Query', `${TABLE}/index/*`)).toBe(false)
    expect(allowed('dynamodb:Query', TABLE.replace('table', 'tab.e'))).toBe(false)
  })
})

describe('an explicit denial', () => {
  it('outweighs every permission, and says where it stands', () => {
    const proof = prove(querying(deny('dynamodb:*', '*', { Sid: 'Never' })), [call('Query')])
    expect(proof.missing).toMatchObject([
      { action: 'dynamodb:Query', deniedBy: 'HandlerPolicy, statement 3 (Never)' },
    ])
  })

  it('of something else does not matter, and is not asked to be used', () => {
    expect(prove(querying(deny('dynamodb:Query', OTHER_TABLE)), [call('Query')]).ok).toBe(true)
  })

  const queuePolicy = (statement: unknown) => ({
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: { Queues: [{ Ref: 'Queue' }], PolicyDocument: { Statement: [statement] } },
    },
  })
  const sending = (policy: unknown) =>
    prove(templateWith([allow('sqs:SendMessage', QUEUE_ARN)], queuePolicy(policy)), [sqs('SendMessage')])

  it('of the queue for whoever does not use TLS does not concern functions', () => {
    const enforceSsl = deny('sqs:*', QUEUE_ARN, {
      Principal: { AWS: '*' },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    })
    expect(sending(enforceSsl).ok).toBe(true)
  })

  it('of the queue concerns whom it names', () => {
    const denied = (Principal: unknown) => sending(deny('sqs:*', QUEUE_ARN, { Principal })).missing
    const byQueue = [{ action: 'sqs:SendMessage', resource: QUEUE, deniedBy: 'QueuePolicy, statement 1' }]
    expect(denied('*')).toMatchObject(byQueue)
    expect(denied({ AWS: { 'Fn::GetAtt': ['HandlerRole', 'Arn'] } })).toMatchObject(byQueue)
    expect(denied({ AWS: 'arn:aws:iam::123456789012:root' })).toMatchObject(byQueue)
    expect(denied({ Service: 'events.amazonaws.com' })).toEqual([])
    expect(denied({ AWS: 'arn:aws:iam::123456789012:role/Other' })).toEqual([])
  })

  it('of another queue does not matter, however wide it is written', () => {
    const other = {
      OtherQueue: { Type: 'AWS::SQS::Queue' },
      OtherPolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'OtherQueue' }],
          PolicyDocument: { Statement: deny('sqs:*', '*', { Principal: '*' }) },
        },
      },
    }
    const template = templateWith([allow('sqs:SendMessage', QUEUE_ARN)], other)
    expect(prove(template, [sqs('SendMessage')]).ok).toBe(true)
  })

  it('of a table or a secret counts as well', () => {
    const secretArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Key-AbCdEf'
    const document = (Action: string) => ({ Statement: deny(Action, '*', { Principal: '*' }) })
    const template = templateWith(
      [allow('dynamodb:Query', TABLE_ARN), allow('secretsmanager:GetSecretValue', secretArn)],
      {
        Log: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
            ResourcePolicy: { PolicyDocument: document('dynamodb:Query') },
          },
        },
        KeyPolicy: {
          Type: 'AWS::SecretsManager::ResourcePolicy',
          Properties: { SecretId: secretArn, ResourcePolicy: document('secretsmanager:*') },
        },
      },
    )
    const proof = prove(template, [
      call('Query'),
      call('GetSecretValue', [secretArn], { service: 'secretsmanager' }),
    ])
    expect(proof.missing.map(({ deniedBy }) => deniedBy)).toEqual([
      'Log, statement 1',
      'KeyPolicy, statement 1',
    ])
  })

  it('what only the queue allows, the role does not', () => {
    const proof = prove(
      templateWith([], queuePolicy(allow('sqs:SendMessage', QUEUE_ARN, { Principal: { AWS: '*' } }))),
      [sqs('SendMessage')],
    )
    expect(pairs(proof.missing)).toEqual([`sqs:SendMessage on ${QUEUE}`])
  })
})

describe('conditions', () => {
  const missingWith = (Condition: unknown, request: unknown, operation = 'GetItem', conditionKeys = {}) =>
    prove(
      templateWith([allow(`dynamodb:${operation}`, TABLE_ARN, { Condition })]),
      [call(operation, [TABLE], { request })],
      { conditionKeys },
    ).missing.length === 1
  const own = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['u#*', 'e#?'] } }
  const key = (pk: string) => ({ pk: { S: pk }, sk: { N: '1' } })

  it('compare the partition keys of a request', () => {
    expect(missingWith(own, { Key: key('u#ann') })).toBe(false)
    expect(missingWith(own, { Key: key('x#ann') })).toBe(true)
    expect(missingWith(own, { Item: key('u#ann') }, 'PutItem')).toBe(false)
    expect(missingWith(own, { Item: key('e#10') }, 'PutItem')).toBe(true)
  })

  it('compare every partition key of a batch', () => {
    const read = (...keys: string[]) => ({ RequestItems: { Log: { Keys: keys.map(key) } } })
    const write = (...keys: string[]) => ({
      RequestItems: { Log: keys.map((pk) => ({ PutRequest: { Item: key(pk) } })) },
    })
    expect(missingWith(own, read('u#ann', 'e#1'), 'BatchGetItem')).toBe(false)
    expect(missingWith(own, read('u#ann', 'x'), 'BatchGetItem')).toBe(true)
    expect(missingWith(own, write('u#ann', 'e#1'), 'BatchWriteItem')).toBe(false)
    expect(missingWith(own, write('u#ann', 'x'), 'BatchWriteItem')).toBe(true)
  })

  it('find the partition key of a query in its expression, or give up loudly', () => {
    const query = (KeyConditionExpression: string, value: string) => ({
      KeyConditionExpression,
      ExpressionAttributeNames: { '#p': 'pk' },
      ExpressionAttributeValues: { ':u': { S: value }, ':from': { N: '7' } },
    })
    expect(missingWith(own, query('#p = :u AND sk > :from', 'u#ann'), 'Query')).toBe(false)
    expect(missingWith(own, query('sk > :from AND pk=:u', 'x#ann'), 'Query')).toBe(true)
    expect(() => missingWith(own, query('sk > :from', 'u#ann'), 'Query')).toThrow(
      'A Query has no equality for pk that is understood here: sk > :from',
    )
  })

  it('compare as their operator says', () => {
    const holds = (operator: string, wanted: unknown, actual: string) =>
      !missingWith({ [operator]: { 'aws:SourceVpc': wanted } }, {}, 'GetItem', { 'aws:SourceVpc': actual })
    expect(holds('StringEquals', ['a', 'b'], 'b')).toBe(true)
    expect(holds('StringEquals', 'a*', 'ab')).toBe(false)
    expect(holds('StringNotEquals', ['a', 'b'], 'b')).toBe(false)
    expect(holds('StringNotEquals', ['a', 'b'], 'c')).toBe(true)
    expect(holds('StringEqualsIgnoreCase', 'A', 'a')).toBe(true)
    expect(holds('StringLike', 'a*', 'ab')).toBe(true)
    expect(holds('StringNotLike', 'a*', 'ab')).toBe(false)
    expect(holds('ArnLike', 'arn:aws:ec2:*:1:vpc/*', 'arn:aws:ec2:us-east-1:1:vpc/a')).toBe(true)
    expect(holds('ArnLike', 'arn:aws:ec2:*:vpc/a', 'arn:aws:ec2:us-east-1:1:vpc/a')).toBe(false)
    expect(holds('Bool', true, 'true')).toBe(true)
    expect(holds('ForAnyValue:StringEquals', 'a', 'a')).toBe(true)
  })

  it('treat a key that the request has not as IAM does', () => {
    const sent = (operator: string) =>
      prove(
        templateWith([
          allow('sqs:SendMessage', QUEUE_ARN, { Condition: { [operator]: { 'dynamodb:LeadingKeys': 'a' } } }),
        ]),
        [sqs('SendMessage')],
      ).missing.length === 0
    expect(sent('StringEquals')).toBe(false)
    expect(sent('StringEqualsIfExists')).toBe(true)
    expect(sent('StringNotEquals')).toBe(true)
    expect(sent('ForAllValues:StringEquals')).toBe(true)
    expect(sent('ForAnyValue:StringEquals')).toBe(false)
  })

  it('that cannot be told are errors, never guesses', () => {
    expect(() => missingWith({ StringEquals: { 'aws:SourceVpc': 'vpc-1' } }, {})).toThrow(
      'HandlerPolicy, statement 2 depends on aws:SourceVpc, whose value in a call is not known here',
    )
    expect(() => missingWith({ DateLessThan: { 'aws:CurrentTime': '2030-01-01' } }, {})).toThrow(
      'HandlerPolicy, statement 2 has the condition operator DateLessThan, which is not understood here',
    )
  })
})
