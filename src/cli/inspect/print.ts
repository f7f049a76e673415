import { printable, printableJson } from '../printable.ts'

/** @param what a server's JSON, which stays the same JSON; or lines for people. A terminal must obey nothing in it. */
export function print(what: string | readonly string[]): void {
  const text = typeof what === 'string' ? printableJson(what) : what.map(printable).join('\n')
  process.stdout.write(`${text}\n`)
}
