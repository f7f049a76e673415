import { describe, expect, it } from 'vitest'
import { Intrinsics } from '../../../src/template-runner/template/intrinsics.ts'
import { parseTemplate } from '../../../src/template-runner/template/template.ts'

const template = parseTemplate({
  Parameters: { Size: { Type: 'String', Default: 'big' }, Open: { Type: 'String' } },
  Mappings: { Sizes: { big: { memory: 512 } } },
  Conditions: {
    IsBig: { 'Fn::Equals': [{ Ref: 'Size' }, 'big'] },
    IsSmall: { 'Fn::Not': [{ Condition: 'IsBig' }] },
    Both: { 'Fn::And': [{ Condition: 'IsBig' }, { Condition: 'IsSmall' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsBig' }, { Condition: 'IsSmall' }] },
    Circular: { Condition: 'Circular' },
  },
  Resources: {
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } },
    Fifo: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
    Chosen: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': '${AWS::StackName}-q' } } },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'events' } },
    Absent: { Type: 'AWS::SQS::Queue', Condition: 'IsSmall' },
    Odd: { Type: 'AWS::Odd::Thing' },
    Loop: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: 'Loop' } } },
  },
})
const intrinsics = new Intrinsics(template, {
  stackName: 'Test',
  region: 'us-east-1',
  account: '000000000000',
  partition: 'aws',
  urlSuffix: 'amazonaws.com',
})
const resolve = (value: unknown): unknown => intrinsics.resolve(value, 'here')

describe('intrinsic functions give what AWS would give', () => {
  it.each<[unknown, unknown]>([
    ['plain', 'plain'],
    [{ Ref: 'AWS::Region' }, 'us-east-1'],
    [{ Ref: 'AWS::AccountId' }, '000000000000'],
    [{ Ref: 'AWS::Partition' }, 'aws'],
    [{ Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    [{ Ref: 'AWS::StackName' }, 'Test'],
    [{ Ref: 'Size' }, 'big'],
    [{ Ref: 'Table' }, 'events'],
    [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:aws:dynamodb:us-east-1:000000000000:table/events'],
    [{ 'Fn::GetAtt': 'Table.Arn' }, 'arn:aws:dynamodb:us-east-1:000000000000:table/events'],
    [{ Ref: 'Chosen' }, 'https://sqs.us-east-1.amazonaws.com/000000000000/Test-q'],
    [{ 'Fn::GetAtt': ['Chosen', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:Test-q'],
    [{ 'Fn::GetAtt': ['Chosen', 'QueueName'] }, 'Test-q'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Size' }, 'c']] }, 'a-big-c'],
    [{ 'Fn::Join': ['', { 'Fn::Split': [',', 'a,b'] }] }, 'ab'],
    [{ 'Fn::Sub': 'is ${Size}, not ${!Size}' }, 'is big, not ${Size}'],
    [
      { 'Fn::Sub': ['${who} of ${Table.Arn}', { who: { Ref: 'Size' } }] },
      'big of arn:aws:dynamodb:us-east-1:000000000000:table/events',
    ],
    [{ 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    [{ 'Fn::Select': [2, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'c'],
    [{ 'Fn::If': ['IsBig', 'yes', 'no'] }, 'yes'],
    [{ 'Fn::If': ['IsSmall', { Ref: 'Nowhere' }, 'no'] }, 'no'],
    [{ 'Fn::If': ['Both', 1, 2] }, 2],
    [{ 'Fn::If': ['Either', 1, 2] }, 1],
    [{ 'Fn::FindInMap': ['Sizes', { Ref: 'Size' }, 'memory'] }, 512],
    [{ 'Fn::Base64': 'abc' }, 'YWJj'],
    [
      { kept: 1, gone: { Ref: 'AWS::NoValue' }, list: [1, { Ref: 'AWS::NoValue' }] },
      { kept: 1, list: [1] },
    ],
    [
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ],
  ])('%j is %j', (value, expected) => {
    expect(resolve(value)).toEqual(expected)
  })

  it('generates names like CloudFormation, within their limits and the same at every start', () => {
    expect(resolve({ 'Fn::GetAtt': ['Fifo', 'QueueName'] })).toMatch(/^Test-Fifo-[A-Z\d]{12}\.fifo$/)
    expect(resolve({ Ref: 'Fifo' })).toBe(resolve({ Ref: 'Fifo' }))
    expect(resolve({ 'Fn::GetAtt': ['Api', 'ApiEndpoint'] })).toBe(
      `wss://${String(resolve({ Ref: 'Api' }))}.execute-api.us-east-1.amazonaws.com`,
    )
  })
})

describe('what is not understood is an error that names the place', () => {
  it.each<[unknown, string]>([
    [{ 'Fn::Transform': {} }, 'here: Fn::Transform is not understood'],
    [{ 'Fn::ImportValue': 'x' }, 'here: Fn::ImportValue is not understood'],
    [{ Ref: 'Nowhere' }, 'here: there is no resource or parameter Nowhere'],
    [{ Ref: 'AWS::Moon' }, 'here: AWS::Moon is not understood'],
    [{ Ref: 'Open' }, 'here: parameter Open has no default, and this runner takes no parameters'],
    [{ Ref: 'Odd' }, 'here: Ref of Odd, a AWS::Odd::Thing, is not understood'],
    [{ Ref: 'Absent' }, 'here: resource Absent does not exist, for IsSmall is false'],
    [{ Ref: 'Loop' }, 'Ref Loop depends on itself'],
    [{ 'Fn::If': ['Circular', 1, 2] }, 'condition Circular depends on itself'],
    [{ 'Fn::If': ['Unknown', 1, 2] }, 'condition Unknown is not in the template'],
    [
      { 'Fn::GetAtt': ['Table', 'StreamArn'] },
      'here: Fn::GetAtt Table.StreamArn of a AWS::DynamoDB::Table is not understood',
    ],
    [{ 'Fn::Select': [5, ['a']] }, 'here: Fn::Select has no element 5'],
    [{ inner: { 'Fn::Join': ['', 5] } }, 'here.inner: expected a list, got 5'],
  ])('%j', (value, message) => {
    expect(() => resolve(value)).toThrow(message)
  })
})
