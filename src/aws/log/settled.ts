/**
 * As `Promise.all`, but it rejects only when nothing of it is under way any more. A function that answers earlier is frozen
 * together with the calls that it did not wait for, and may finish them hours later, when it is invoked again: a put that
 * was right then would come below a head that readers were told since.
 */
export async function settled<T>(all: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(all)
  return Promise.all(all)
}
