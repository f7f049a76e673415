import type { EventEmitter } from 'node:events'

/** A Ctrl-C comes twice under npm: from the terminal, which sends it to all, and from npm, which passes it on. */
const SAME_CTRL_C_MS = 1000

/** What of `process` is needed. */
interface Signalled extends Pick<EventEmitter, 'on' | 'removeListener'> {
  readonly pid: number
  kill(pid: number, signal: NodeJS.Signals): unknown
}

/**
 * Calls `stop` at the first SIGTERM or SIGINT. A second one finds Node's own handling, and ends the process at once;
 * but what is still the same Ctrl-C does not count.
 */
export function onShutdown(
  stop: () => void,
  {
    target = process,
    now = () => performance.now(),
  }: { readonly target?: Signalled; readonly now?: () => number } = {},
): void {
  let since: number | undefined
  const handle = (signal: NodeJS.Signals): void => {
    if (since === undefined) {
      since = now()
      stop()
    } else if (signal !== 'SIGINT' || now() - since >= SAME_CTRL_C_MS) {
      target.removeListener('SIGTERM', handle).removeListener('SIGINT', handle)
      target.kill(target.pid, signal)
    }
  }
  target.on('SIGTERM', handle).on('SIGINT', handle)
}
