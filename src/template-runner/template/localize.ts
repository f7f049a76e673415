/** From what AWS calls it to where it is on this machine. */
export interface LocalAddress {
  /** An URL without a slash at its end. */
  readonly aws: string
  readonly local: string
}

/**
 * Replaces the addresses of AWS that are served here. Names and ARNs stay: the engines and the recorder know those.
 *
 * The longest comes first, so that a custom domain's path is not taken for its root.
 */
export function localize(text: string, addresses: readonly LocalAddress[]): string {
  const byLength = [...addresses].sort((a, b) => b.aws.length - a.aws.length)
  const found = byLength.find(({ aws }) => text === aws || text.startsWith(`${aws}/`))
  return found ? found.local + text.slice(found.aws.length) : text
}
