import { expect, it } from 'vitest'
import { policiesOf } from '../../../src/template-runner/permissions/of-assembly.ts'
import { provePermissions } from '../../../src/template-runner/permissions/proof.ts'
import { parseTemplate } from '../../../src/template-runner/template/template.ts'
import { allow, call, connectionsArn, post, TABLE, TABLE_ARN, templateWith } from './snippets.ts'

const assemblyOf = (json: object) => ({
  stackName: 'Fanout',
  region: 'us-east-1',
  account: '123456789012',
  template: parseTemplate(json),
  assetFolder: () => '',
})

it('the runner’s own resolver gives the proof the runner’s names', () => {
  const json = templateWith([
    allow(['dynamodb:Query', 'dynamodb:PutItem'], TABLE_ARN),
    allow('execute-api:ManageConnections', connectionsArn('/prod/POST/@connections/*')),
  ])
  const { template, resolve } = policiesOf(assemblyOf(json))
  const resource = (arn: unknown) => [String(resolve(arn))]
  const calls = [
    call('Query', resource(TABLE_ARN)),
    { ...post('a='), resources: resource(connectionsArn('/prod/POST/@connections/a=')) },
  ]
  const proof = provePermissions({ template, resolve, calls })
  expect(proof.missing).toEqual([])
  expect(proof.unused).toMatchObject([{ action: 'dynamodb:PutItem', resource: resource(TABLE_ARN)[0] }])
  expect(resource(TABLE_ARN)[0]).toMatch(/^arn:aws:dynamodb:us-east-1:123456789012:table\//)
  expect(provePermissions({ template, resolve, calls: [call('Query', [TABLE])] }).missing).toHaveLength(1)
})

it('a resource whose condition does not hold takes no part', () => {
  const json = templateWith([], {
    Tracing: {
      Type: 'AWS::IAM::Policy',
      ...{ Condition: 'Traced' },
      Properties: {
        PolicyName: 'Tracing',
        PolicyDocument: { Statement: allow('xray:PutTraceSegments', '*') },
        Roles: [{ Ref: 'HandlerRole' }],
      },
    },
  })
  const unusedIf = (traced: string) => {
    const conditions = { Traced: { 'Fn::Equals': [traced, 'yes'] } }
    const input = policiesOf(assemblyOf({ ...json, Conditions: conditions }))
    return provePermissions({ ...input, calls: [] }).unused.length
  }
  expect(unusedIf('yes')).toBe(1)
  expect(unusedIf('no')).toBe(0)
})
