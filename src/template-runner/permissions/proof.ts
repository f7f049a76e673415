import type { AwsCall } from '../aws-call.ts'
import { neededAccess, withoutConnectionId } from './access-requests.ts'
import { createDecider, type Decider } from './decision.ts'
import { isWiderThanNecessary } from './necessary-wildcards.ts'
import { functionRoles, type Role } from './role-statements.ts'
import { observe, type ObservedUse } from './service-calls.ts'
import { secretKeyUse, serviceUse, type ServiceUse } from './service-use.ts'
import { resourcesOfType, type PolicyTemplate, type Resolve } from './template.ts'
import { Usage, type AllowedPair } from './usage.ts'
import { hasWildcard } from './wildcards.ts'

/** An action that is needed and not allowed. */
export interface MissingPermission {
  readonly function: string
  readonly action: string
  /** Connection ids are replaced by `*`. */
  readonly resource: string
  /** The statement that refuses it; undefined when merely nothing allows it. */
  readonly deniedBy: string | undefined
  readonly firstCall: AwsCall | undefined
  readonly calls: number
  /** The service that needs it, when it is not the function itself. */
  readonly service: ServiceUse | undefined
}

export interface UsedByTheService extends ObservedUse {
  readonly statement: string
}

export interface PermissionProof {
  /** Nothing is missing, unused, or wider than used. */
  readonly ok: boolean
  readonly functions: readonly string[]
  /** Functions left out, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>
  readonly calls: number
  readonly used: readonly AllowedPair[]
  readonly missing: readonly MissingPermission[]
  readonly unused: readonly AllowedPair[]
  /** Used, but with a wildcard where names could stand: `actionsUsed` and `resourcesUsed` say which. */
  readonly wider: readonly AllowedPair[]
  readonly usedByTheService: readonly UsedByTheService[]
}

export interface ProofOptions {
  readonly template: PolicyTemplate
  /** Of the runner: the same names and ARNs as in the calls must come out. */
  readonly resolve: Resolve
  readonly calls: readonly AwsCall[]
  /** Functions that the runner does not run, each with the reason (a custom resource's provider, say). */
  readonly leftOut?: Readonly<Record<string, string>>
  /** The customer managed keys of secrets that have one, by the secret's ARN. */
  readonly secretKeys?: Readonly<Record<string, string>>
  /** Values of further condition keys, the same for every call. */
  readonly conditionKeys?: Readonly<Record<string, string>>
}

/** Holds the recorded calls of the functions against their roles' policies, in both directions. */
export function provePermissions(options: ProofOptions): PermissionProof {
  const { template, resolve, calls, leftOut = {}, secretKeys = {} } = options
  const functions = functionsToProve(template, leftOut)
  refuseStrangers(calls, [...functions, ...Object.keys(leftOut)])
  const services = observe(
    [...serviceUse(template, resolve, functions), ...secretKeyUse(secretKeys, calls)],
    calls,
    functions,
  )
  const decider = createDecider(options)
  const ofRoles = functionRoles(template, resolve, functions).map((role) =>
    proveRole(role, decider, calls, services),
  )
  return {
    ...conclusion(
      ofRoles.flatMap(({ missing }) => missing),
      ofRoles.flatMap(({ pairs }) => pairs),
    ),
    ...{ functions, leftOut, calls: calls.length },
    usedByTheService: ofRoles.flatMap(({ usedByTheService }) => usedByTheService),
  }
}

function functionsToProve(template: PolicyTemplate, leftOut: Readonly<Record<string, string>>): string[] {
  const all = resourcesOfType(template, 'AWS::Lambda::Function').map(({ id }) => id)
  const wrong = Object.keys(leftOut).find((id) => !all.includes(id))
  if (wrong !== undefined)
    throw new Error(`${wrong} is to be left out, but is no function of the template: ${all.join(', ')}`)
  if (all.length === 0)
    throw new Error('The template has no AWS::Lambda::Function: there is nothing to prove.')
  return all.filter((id) => !(id in leftOut))
}

function refuseStrangers(calls: readonly AwsCall[], known: readonly string[]): void {
  const stranger = calls.find(({ caller }) => caller !== 'runner' && !known.includes(caller))
  if (stranger)
    throw new Error(
      `${stranger.service}:${stranger.operation} was called by ${stranger.caller}, ` +
        `which is no function of the template: ${known.join(', ')}`,
    )
}

interface RoleProof {
  readonly missing: readonly MissingPermission[]
  readonly pairs: readonly AllowedPair[]
  readonly usedByTheService: readonly UsedByTheService[]
}

function proveRole(
  role: Role,
  decider: Decider,
  calls: readonly AwsCall[],
  services: readonly ObservedUse[],
): RoleProof {
  const usage = new Usage(role.functions, role.statements)
  const missing = new Map<string, MissingPermission>()
  for (const call of calls)
    if (role.functions.includes(call.caller)) checkCall(role, decider, call, usage, missing)
  const usedByTheService = services
    .filter((use) => role.functions.includes(use.function))
    .flatMap((use) => checkService(role, decider, use, usage, missing))
  return { missing: [...missing.values()], pairs: usage.pairs(), usedByTheService }
}

function checkCall(
  role: Role,
  decider: Decider,
  call: AwsCall,
  usage: Usage,
  missing: Map<string, MissingPermission>,
): void {
  for (const { action, resource } of neededAccess(call)) {
    const { allowedBy, deniedBy } = decider.decide(role, action, resource, call)
    for (const statement of allowedBy) usage.mark(statement, action, resource, call)
    if (deniedBy === undefined && allowedBy.length > 0) continue
    addMissing(missing, {
      function: call.caller,
      action,
      resource,
      deniedBy,
      firstCall: call,
      calls: 1,
      service: undefined,
    })
  }
}

function checkService(
  role: Role,
  decider: Decider,
  service: ObservedUse,
  usage: Usage,
  missing: Map<string, MissingPermission>,
): UsedByTheService[] {
  const { action, resource } = service
  const { allowedBy, deniedBy } = decider.decide(role, action, resource)
  for (const statement of allowedBy) usage.mark(statement, action, resource)
  const allowed = deniedBy === undefined && allowedBy.length > 0
  if (!allowed)
    addMissing(missing, {
      ...{ function: service.function, action, resource, deniedBy, service },
      firstCall: undefined,
      calls: 0,
    })
  return allowed ? allowedBy.map(({ where }) => ({ ...service, statement: where })) : []
}

/** One entry per function, action and resource, however many calls. */
function addMissing(missing: Map<string, MissingPermission>, found: MissingPermission): void {
  const resource = withoutConnectionId(found.resource)
  const key = JSON.stringify([found.function, found.action, resource])
  const known = missing.get(key)
  missing.set(key, known ? { ...known, calls: known.calls + found.calls } : { ...found, resource })
}

function conclusion(
  missing: readonly MissingPermission[],
  pairs: readonly AllowedPair[],
): Pick<PermissionProof, 'ok' | 'missing' | 'used' | 'unused' | 'wider'> {
  const used = pairs.filter(({ actionsUsed }) => actionsUsed.length > 0)
  const unused = pairs.filter(({ actionsUsed }) => actionsUsed.length === 0)
  const wider = used.filter(
    ({ action, resource }) => hasWildcard(action) || isWiderThanNecessary(action, resource),
  )
  return { ok: missing.length + unused.length + wider.length === 0, missing, used, unused, wider }
}
