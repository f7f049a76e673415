/**
 * The status that a call was answered with; nothing if there was no answer. The SDK's names for errors depend on a header,
 * and for a 410 without a body there is little else.
 */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  return (error.$metadata as { readonly httpStatusCode?: number } | undefined)?.httpStatusCode
}
