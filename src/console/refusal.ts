/** Said for good: the same would be answered again. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** From a problem document (RFC 9457), or whatever a proxy answered. */
export function detailOf(text: string): string {
  try {
    const { detail, message } = JSON.parse(text) as { readonly detail?: string; readonly message?: string }
    return detail ?? message ?? text
  } catch {
    return text.slice(0, 200)
  }
}
