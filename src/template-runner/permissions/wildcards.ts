import { matchesWildcard } from '../../gateway/websocket/policy.ts'

/**
 * Wildcards of policies: `*` is any run of characters, also across `/` and `:`, `?` is any one.
 * Source: IAM user guide, "IAM JSON policy elements: Resource", "Using wildcards in resource ARNs". (That page lets
 * only a segment's last `*` cross a colon; a `*` in the middle of one is taken as crossing here, too.)
 */
export function matchesPattern(pattern: string, value: string): boolean {
  return matchesWildcard(pattern, value)
}

/** Actions are compared without regard to case. Source: the same guide, "Action". */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesPattern(pattern.toLowerCase(), action.toLowerCase())
}

/**
 * ARNs in conditions and in Lambda's permissions: each of the six parts between colons by itself.
 * Source: the same guide, "Amazon Resource Name (ARN) condition operators".
 */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true
  const patterns = splitArn(pattern)
  const parts = splitArn(arn)
  return (
    patterns.length === parts.length &&
    patterns.every((one, index) => matchesPattern(one, parts[index] ?? ''))
  )
}

function splitArn(arn: string): string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, 5), parts.slice(5).join(':')]
}

export function hasWildcard(pattern: string): boolean {
  return /[*?]/.test(pattern)
}
