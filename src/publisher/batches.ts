import type { Item } from './item.ts'

/** The server's limits for one array: see docs/publishing.md. */
export const BATCH_EVENTS = 100
export const BATCH_BYTES = 1024 * 1024

/** Cuts a sequence of events into the fewest arrays that the server takes. */
export function inBatches(items: readonly Item[]): readonly (readonly Item[])[] {
  const batches: Item[][] = []
  let batch: Item[] = []
  let bytes = 0
  for (const item of items) {
    // Each event comes with a comma or the bracket that closes the array; the one that opens it is the `1`.
    const grown = bytes + item.bytes + 1
    if (batch.length > 0 && batch.length < BATCH_EVENTS && 1 + grown <= BATCH_BYTES) {
      batch.push(item)
      bytes = grown
    } else {
      batches.push((batch = [item]))
      bytes = item.bytes + 1
    }
  }
  return batches
}
