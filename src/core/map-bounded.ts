/**
 * Maps concurrently, with at most `bound` calls under way, keeping the order of the results. A call that is answered at once
 * takes no promise: there may be thousands of them for one event.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  bound: number,
  map: (item: T) => R | Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  const queue = items.entries()
  const goOn = async (first: number, pending: Promise<R>): Promise<void> => {
    results[first] = await pending
    for (const [index, item] of queue) results[index] = await map(item)
  }
  const underWay: Promise<void>[] = []
  try {
    for (const [index, item] of queue) {
      const result = map(item)
      if (!(result instanceof Promise)) results[index] = result
      else if (underWay.push(goOn(index, result)) === bound) break
    }
  } catch (error) {
    await Promise.allSettled(underWay)
    throw error
  }
  if (underWay.length > 0) await Promise.all(underWay)
  return results
}
