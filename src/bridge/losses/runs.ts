/** Numbers of one producer, from one to another, both included. Empty if `to` is `from - 1`. */
export interface Run {
  readonly producer: string
  readonly from: number
  readonly to: number
}

/** Adds a run, to one that it continues if there is one, so that a long wait does not take much memory. */
export function addRun(runs: Run[], run: Run): void {
  const at = runs.findIndex(
    ({ producer, from, to }) => producer === run.producer && run.from <= to + 1 && run.to >= from - 1,
  )
  const known = runs[at]
  if (known === undefined) runs.push(run)
  else runs[at] = { ...run, from: Math.min(known.from, run.from), to: Math.max(known.to, run.to) }
}
