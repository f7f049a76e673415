/** Reads what `strace -f -y` has written. */

export interface SystemCall {
  readonly name: string
  /** The arguments as strace writes them. */
  readonly args: string
  /** What it returned, with strace's remarks. */
  readonly result: string
  /** The lines at which strace saw it begin and end: what ends on a lower line than another begins happened before. */
  readonly began: number
  readonly ended: number
}

const WHOLE = /^(\w+)\((.*)\) += (.*)$/s
const UNFINISHED = /^(\w+)\((.*) <unfinished \.\.\.>$/s
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)\) += (.*)$/s

/** The calls that returned, in the order in which they did. */
export function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = []
  /** By thread: each has one call at a time. */
  const unfinished = new Map<string, { name: string; args: string; began: number }>()
  for (const [line, text] of trace.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/s.exec(text) ?? []
    const [, name = '', args = '', result = ''] = WHOLE.exec(rest) ?? []
    if (name !== '') calls.push({ name, args, result, began: line, ended: line })
    const [, started = '', before = ''] = UNFINISHED.exec(rest) ?? []
    if (started !== '') unfinished.set(thread, { name: started, args: before, began: line })
    const [, resumed = '', after = '', returned = ''] = RESUMED.exec(rest) ?? []
    const start = unfinished.get(thread)
    if (resumed === '' || start?.name !== resumed) continue
    unfinished.delete(thread)
    calls.push({ ...start, args: start.args + after, result: returned, ended: line })
  }
  return calls
}

/** The file descriptor that a call is about, as a number. */
export function descriptorOf({ args }: SystemCall): number {
  return Number(/^\d+/.exec(args)?.[0] ?? NaN)
}

/** What the descriptor stands for: a path, or `socket:[…]`. */
export function fileOf({ args }: SystemCall): string {
  return /^\d+<([^>]*)>/.exec(args)?.[1] ?? ''
}
