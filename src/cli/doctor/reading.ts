type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * Reads what is at the beginning of a body, which may be endless, and lets go of the rest.
 *
 * @param bytes how much at most
 * @returns also of a body that broke off, with the error
 */
export async function readUpTo(
  bytes: number,
  body: Body,
): Promise<{ readonly text: string; readonly error?: Error }> {
  const chunks: Uint8Array[] = []
  const text = (): string => Buffer.concat(chunks).subarray(0, bytes).toString()
  let length = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= bytes) break
    }
    return { text: text() }
  } catch (error) {
    return { text: text(), error: error instanceof Error ? error : new Error(String(error)) }
  }
}
