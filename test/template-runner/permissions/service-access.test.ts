import { describe, expect, it } from 'vitest'
import { allows, type ServiceAccess } from '../../../src/template-runner/permissions/service-access.ts'
import { parsePolicyDocument } from '../../../src/template-runner/permissions/statements.ts'
import { matchesArn } from '../../../src/template-runner/permissions/wildcards.ts'

const queue = 'arn:aws:sqs:us-east-1:000000000000:queue'
const send: ServiceAccess = { action: 'sqs:SendMessage', resource: queue }
const allowed = (statements: readonly object[], access: ServiceAccess): boolean =>
  allows(parsePolicyDocument({ Statement: statements }, 'a policy'), access)
const allow = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queue }

describe('matchesArn', () => {
  it.each([
    ['*', 'arn:aws:sqs:us-east-1:0:q', true],
    [
      'arn:aws:execute-api:us-east-1:0:api/*$connect',
      'arn:aws:execute-api:us-east-1:0:api/prod/$connect',
      true,
    ],
    [
      'arn:aws:execute-api:us-east-1:0:api/*/*/a/{id}',
      'arn:aws:execute-api:us-east-1:0:api/$default/POST/a/{id}',
      true,
    ],
    ['arn:aws:execute-api:us-east-1:0:api/*ping', 'arn:aws:execute-api:us-east-1:0:api/prod/pong', false],
    ['arn:aws:sqs:*:0:q', 'arn:aws:sqs:us-east-1:0:q', true],
    // A wildcard does not reach across a colon into another account.
    ['arn:aws:sqs:*:q', 'arn:aws:sqs:us-east-1:0:q', false],
  ])('%s and %s: %s', (pattern, arn, expected) => {
    expect(matchesArn(pattern, arn)).toBe(expected)
  })
})

describe('allows', () => {
  it.each<[string, object[], ServiceAccess, boolean]>([
    ['nothing allows nothing', [], send, false],
    ['what is allowed', [allow], send, true],
    ['an action with a wildcard, in any case', [{ ...allow, Action: ['SQS:send*'] }], send, true],
    ['another action', [{ ...allow, Action: 'sqs:ReceiveMessage' }], send, false],
    ['another resource', [{ ...allow, Resource: `${queue}2` }], send, false],
    ['a deny wins', [allow, { ...allow, Effect: 'Deny' }], send, false],
    [
      'a deny of what is not encrypted, which AWS never is',
      [
        allow,
        {
          ...allow,
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
      send,
      true,
    ],
    [
      'a service on account of the right source',
      [
        {
          ...allow,
          Principal: { Service: 'events.amazonaws.com' },
          Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:r:0:rule/a' } },
        },
      ],
      { ...send, service: 'events.amazonaws.com', sourceArn: 'arn:aws:events:r:0:rule/a' },
      true,
    ],
    [
      'a service on account of another source',
      [
        {
          ...allow,
          Principal: { Service: 'events.amazonaws.com' },
          Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:r:0:rule/a' } },
        },
      ],
      { ...send, service: 'events.amazonaws.com', sourceArn: 'arn:aws:events:r:0:rule/b' },
      false,
    ],
  ])('%s', (_name, statements, access, expected) => {
    expect(allowed(statements, access)).toBe(expected)
  })

  it('refuses what it does not understand', () => {
    const byAddress = { ...allow, Condition: { IpAddress: { 'aws:SourceIp': '1.2.3.4' } } }
    expect(() => allowed([byAddress], send)).toThrow('has the condition operator IpAddress')
    const byTag = { ...allow, Condition: { StringEquals: { 'aws:PrincipalTag/team': 'a' } } }
    expect(() => allowed([byTag], send)).toThrow('depends on aws:PrincipalTag/team')
    expect(() => allowed([{ Effect: 'Allow', NotAction: 'x', Resource: '*' }], send)).toThrow('NotAction')
  })
})
