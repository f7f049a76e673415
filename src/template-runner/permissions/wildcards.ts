/**
 * Wildcards of policies: `*` is any run of characters, also across `/` and `:`, `?` is any one.
 * Source: IAM user guide, "IAM JSON policy elements: Resource", "Using wildcards in resource ARNs". (That page lets
 * only a segment's last `*` cross a colon; a `*` in the middle of one is taken as crossing here, too.)
 */
export function matchesPattern(pattern: string, value: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(value)
}

/** Actions are compared without regard to case. Source: the same guide, "Action". */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesPattern(pattern.toLowerCase(), action.toLowerCase())
}

export function hasWildcard(pattern: string): boolean {
  return /[*?]/.test(pattern)
}
