/** Maps concurrently, with at most `bound` calls under way, keeping the order of the results. */
export async function mapBounded<T, R>(
  items: readonly T[],
  bound: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  if (items.length <= bound) return Promise.all(items.map(map))
  const results = new Array<R>(items.length)
  const queue = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await map(item)
  }
  await Promise.all(Array.from({ length: bound }, work))
  return results
}
