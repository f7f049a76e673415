import { asList, isObject } from '../json.ts'
import { stringAt } from './expected.ts'
import { parsePolicyDocument, type Statement } from './statements.ts'
import { logicalIdOf, resourcesOfType, type PolicyTemplate, type Resolve } from './template.ts'

/** A policy on a queue, a table or a secret. Only its refusals count: what it allows, the role must allow as well. */
export interface ResourcePolicy {
  /** ARNs of what it is attached to. */
  readonly on: readonly string[]
  readonly denials: readonly Statement[]
}

export function resourcePolicies(template: PolicyTemplate, resolve: Resolve): ResourcePolicy[] {
  return [
    ...resourcesOfType(template, 'AWS::SQS::QueuePolicy').map(({ id, properties }) =>
      policyOn(asList(properties['Queues']).map(arnOf(resolve)), resolve(properties['PolicyDocument']), id),
    ),
    ...resourcesOfType(template, 'AWS::SecretsManager::ResourcePolicy').map(({ id, properties }) =>
      // The Ref of a secret is its ARN.
      policyOn([resolve(properties['SecretId'])], resolve(properties['ResourcePolicy']), id),
    ),
    ...resourcesOfType(template, 'AWS::DynamoDB::Table').flatMap(({ id, properties }) => {
      const policy = resolve(properties['ResourcePolicy'])
      return isObject(policy) ? [policyOn([arnOf(resolve)({ Ref: id })], policy['PolicyDocument'], id)] : []
    }),
  ]
}

function policyOn(arns: readonly unknown[], document: unknown, id: string): ResourcePolicy {
  return {
    on: arns.map((arn) => stringAt(arn, `What ${id} is attached to`)),
    denials: parsePolicyDocument(document, id).filter(({ effect }) => effect === 'Deny'),
  }
}

function arnOf(resolve: Resolve): (reference: unknown) => unknown {
  return (reference) => {
    const id = logicalIdOf(reference)
    return resolve(id === undefined ? reference : { 'Fn::GetAtt': [id, 'Arn'] })
  }
}

/** Whether a statement's Principal means this role: everybody, the account, or the role by its ARN. */
export function meansRole({ principal, where }: Statement, roleArn: string): boolean {
  if (principal === '*') return true
  if (!isObject(principal)) throw new Error(`${where} has no Principal that is understood here.`)
  const account = roleArn.split(':')[4] ?? ''
  const names = ['*', roleArn, account, roleArn.replace(/:role\/.*$/, ':root')]
  return asList(principal['AWS']).some((name) => names.includes(stringAt(name, `Principal of ${where}`)))
}
