/** When an entry was added, in milliseconds since 1970: Redis makes its id of that. */
export function timeOf(entry: string): number {
  return Number(entry.split('-')[0])
}
