import type { AwsCall } from '../aws-call.ts'
import { neededAccess } from './access-requests.ts'
import type { ServiceUse } from './service-use.ts'

export interface ObservedUse extends ServiceUse {
  /** How often the runner did it in the service's place. */
  readonly calls: number
}

/**
 * Counts the runner's calls on behalf of functions.
 *
 * @throws if it did what the table of service uses does not have: then one of the two is wrong about AWS
 */
export function observe(
  services: readonly ServiceUse[],
  calls: readonly AwsCall[],
  functions: readonly string[],
): ObservedUse[] {
  const counts = new Map<ServiceUse, number>()
  for (const call of calls) {
    const { onBehalfOf } = call
    if (onBehalfOf === undefined || !functions.includes(onBehalfOf)) continue
    for (const { action, resource } of neededAccess(call)) {
      const use = services.find(
        (known) => known.function === onBehalfOf && known.action === action && known.resource === resource,
      )
      if (!use) throw new Error(unexplained(onBehalfOf, action, resource))
      counts.set(use, (counts.get(use) ?? 0) + 1)
    }
  }
  return services.map((use) => ({ ...use, calls: counts.get(use) ?? 0 }))
}

function unexplained(functionId: string, action: string, resource: string): string {
  return (
    `The runner used ${action} on ${resource} with the role of ${functionId}, but service-use.ts knows of no service ` +
    'that does. If AWS does so, add it there with its source; else the runner should not.'
  )
}
