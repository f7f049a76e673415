import { Stack, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/**
 * Accepts one finding of cdk-nag at one resource. It is written down as metadata of the construct tree, so it does
 * nothing where cdk-nag does not run, and it needs no cdk-nag here.
 */
export function acknowledge(resource: IConstruct, id: string, reason: string): void {
  Validations.of(resource).acknowledge({ id, reason })
}

/** As {@link acknowledge}, for a resource with a wildcard in a policy: for exactly that one. */
export function acknowledgeWildcard(policy: IConstruct, arn: string, reason: string): void {
  acknowledge(policy, `AwsSolutions-IAM5[Resource::${flat(Stack.of(policy).resolve(arn))}]`, reason)
}

/** cdk-nag's way to write an ARN that has references in it: `<LogicalId>` for each. */
function flat(resolved: unknown): string {
  if (typeof resolved === 'string') return resolved
  const { Ref: reference, 'Fn::Join': join } = resolved as { Ref?: string; 'Fn::Join'?: [string, unknown[]] }
  if (join !== undefined) return join[1].map(flat).join(join[0])
  return `<${reference ?? ''}>`
}
