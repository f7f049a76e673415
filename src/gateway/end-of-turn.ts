const tasks: (() => void)[] = []

/**
 * Runs a task when all else of this turn of the event loop is done, one right after the other. For writes to sockets: a commit lets
 * go of dozens of events at once, and if each were written as soon as it is ready, whoever reads at the other end would be woken
 * for each of them, which costs more than the write. Tasks must not throw.
 */
export function atEndOfTurn(task: () => void): void {
  if (tasks.push(task) === 1) setImmediate(runAll)
}

/** Resolves then. */
export function endOfTurn(): Promise<void> {
  return new Promise(atEndOfTurn)
}

function runAll(): void {
  for (const task of tasks.splice(0)) task()
}
