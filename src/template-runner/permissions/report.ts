import type { AwsCall } from '../aws-call.ts'
import type { MissingPermission, PermissionProof, UsedByTheService } from './proof.ts'
import type { AllowedPair } from './usage.ts'
import { hasWildcard } from './wildcards.ts'

/** The proof as text, function by function: what is wrong and what to do about it first, then what is in order. */
export function permissionReport(proof: PermissionProof): string {
  const { functions, leftOut } = proof
  return [
    summary(proof),
    ...functions.map((id) => [id, ...functionLines(proof, id).map((line) => `  ${line}`)].join('\n')),
    ...Object.entries(leftOut).map(([id, reason]) => `${id}\n  left out: ${reason}`),
  ].join('\n\n')
}

function summary({ functions, calls, missing, unused, wider }: PermissionProof): string {
  const counts = `${missing.length} missing, ${unused.length} unused, ${wider.length} wider than used`
  return `Permissions of ${functions.length} functions against ${calls} calls: ${counts}.`
}

function functionLines(proof: PermissionProof, id: string): string[] {
  const ofFunction = ({ functions }: AllowedPair) => functions.includes(id)
  const inOrder = proof.used.filter((pair) => !proof.wider.includes(pair) && pair.calls > 0)
  const lines = [
    ...proof.missing.filter((missing) => missing.function === id).flatMap(missingLines),
    ...proof.unused.filter(ofFunction).flatMap(unusedLines),
    ...proof.wider.filter(ofFunction).flatMap(widerLines),
    ...inOrder.filter(ofFunction).map(usedLine),
    ...proof.usedByTheService.filter((use) => use.function === id).map(serviceLine),
  ]
  return lines.length > 0 ? lines : ['needs nothing and may do nothing']
}

function missingLines({
  action,
  resource,
  deniedBy,
  firstCall,
  calls,
  service,
}: MissingPermission): string[] {
  const statement = JSON.stringify({ Effect: 'Allow', Action: action, Resource: resource })
  return [
    `MISSING  ${action} on ${resource}`,
    `         ${firstCall ? `${times(calls)}, ${first(firstCall)}` : 'no call shows it'}`,
    ...(service ? [`         needed: ${service.reason} (${service.source})`] : []),
    deniedBy === undefined
      ? `         add to the role: ${statement}`
      : `         refused by ${deniedBy}: change it`,
  ]
}

function unusedLines({ action, resource, statement }: AllowedPair): string[] {
  return [`UNUSED   ${action} on ${resource}`, `         remove it from ${statement}, or test what needs it`]
}

function widerLines({ action, resource, statement, actionsUsed, resourcesUsed }: AllowedPair): string[] {
  return [
    `WIDER THAN USED  ${action} on ${resource}`,
    `         in ${statement}: name instead`,
    ...(hasWildcard(action) ? actionsUsed.map((name) => `           ${name}`) : []),
    ...(hasWildcard(resource) ? resourcesUsed.map((name) => `           ${name}`) : []),
  ]
}

function usedLine({ action, resource, statement, calls, firstCall }: AllowedPair): string {
  const use = firstCall ? `${times(calls)}, ${first(firstCall)}` : ''
  return `used     ${action} on ${resource}: ${use} [${statement}]`
}

function serviceLine({ action, resource, reason, source, calls, statement }: UsedByTheService): string {
  const seen = calls > 0 ? `${times(calls)} of the runner in its place; ` : ''
  return `service  ${action} on ${resource}: ${reason} (${seen}${source}) [${statement}]`
}

function times(calls: number): string {
  return calls === 1 ? '1 call' : `${calls} calls`
}

function first({ caller, operation, status, errorType, at }: AwsCall): string {
  const outcome = errorType === undefined ? `status ${status}` : `status ${status} ${errorType}`
  return `the first ${operation} by ${caller} at ${new Date(at).toISOString()} (${outcome})`
}
