import { asList, type JsonObject } from '../json.ts'
import { objectAt, stringAt } from './expected.ts'
import { awsManagedStatements } from './managed-policies.ts'
import { parsePolicyDocument, type Statement } from './statements.ts'
import {
  logicalIdOf,
  resourcesOfType,
  type NamedResource,
  type PolicyTemplate,
  type Resolve,
} from './template.ts'

/** A role of the template, the functions that run under it and everything its policies say. */
export interface Role {
  readonly id: string
  readonly arn: string
  readonly functions: readonly string[]
  readonly statements: readonly Statement[]
}

/** The roles of all functions; functions that share one share what it allows. */
export function functionRoles(
  template: PolicyTemplate,
  resolve: Resolve,
  functions: readonly string[],
): Role[] {
  const roleIds = new Map(functions.map((id) => [id, roleIdOf(template, id)]))
  return [...new Set(roleIds.values())].map((id) => ({
    id,
    arn: stringAt(resolve({ 'Fn::GetAtt': [id, 'Arn'] }), `Arn of ${id}`),
    functions: functions.filter((functionId) => roleIds.get(functionId) === id),
    statements: statementsOfRole(template, resolve, id),
  }))
}

function roleIdOf(template: PolicyTemplate, functionId: string): string {
  const { Role } = objectAt(template.Resources?.[functionId]?.Properties, `Properties of ${functionId}`)
  const id = logicalIdOf(Role)
  if (id !== undefined && template.Resources?.[id]?.Type === 'AWS::IAM::Role') return id
  throw new Error(
    `The role of ${functionId} is ${JSON.stringify(Role)}, which is no role of this template: ` +
      'what it allows cannot be read. Define the role in the template.',
  )
}

/** All statements of the policies of a role. */
export function statementsOfRole(template: PolicyTemplate, resolve: Resolve, id: string): Statement[] {
  const role = objectAt(template.Resources?.[id]?.Properties, `Properties of ${id}`)
  if (role['PermissionsBoundary'] !== undefined)
    throw new Error(`Role ${id} has a PermissionsBoundary, which is not understood here.`)
  return [
    ...inlineStatements(resolve, id, role),
    ...attachedStatements(template, resolve, id),
    ...asList(role['ManagedPolicyArns']).flatMap((arn) => managedStatements(template, resolve, id, arn)),
  ]
}

function inlineStatements(resolve: Resolve, id: string, role: JsonObject): Statement[] {
  return asList(role['Policies']).flatMap((policy, i) => {
    const { PolicyName, PolicyDocument } = objectAt(resolve(policy), `Policies[${i}] of ${id}`)
    return parsePolicyDocument(PolicyDocument, `${id}, policy ${stringAt(PolicyName, `PolicyName of ${id}`)}`)
  })
}

/** Policies that name the role themselves. */
function attachedStatements(template: PolicyTemplate, resolve: Resolve, roleId: string): Statement[] {
  const policies = resourcesOfType(
    template,
    'AWS::IAM::Policy',
    'AWS::IAM::RolePolicy',
    'AWS::IAM::ManagedPolicy',
  )
  return policies
    .filter(({ properties: { Roles, RoleName } }) =>
      [...asList(Roles), RoleName].some((role) => logicalIdOf(role) === roleId),
    )
    .flatMap((policy) => documentOf(policy, resolve))
}

function managedStatements(
  template: PolicyTemplate,
  resolve: Resolve,
  roleId: string,
  arn: unknown,
): Statement[] {
  const own = resourcesOfType(template, 'AWS::IAM::ManagedPolicy').find(({ id }) => id === logicalIdOf(arn))
  if (own) return documentOf(own, resolve)
  // A list element that a false Fn::If removes.
  const resolved = resolve(arn)
  return resolved === undefined
    ? []
    : awsManagedStatements(stringAt(resolved, `ManagedPolicyArns of ${roleId}`), roleId)
}

function documentOf({ id, properties }: NamedResource, resolve: Resolve): Statement[] {
  return parsePolicyDocument(resolve(properties['PolicyDocument']), id)
}
