import type { Examination } from './examination.ts'
import { Broken, type Came, explained, type LinkName, type LinkReport, Skipped } from './link.ts'

/** One link: it holds, or throws `Broken`, or `Skipped`. */
export interface Link {
  readonly name: LinkName
  /** Without these it means nothing. */
  readonly needs: readonly LinkName[]
  tried(exam: Examination): string
  check(exam: Examination): Promise<Came>
}

type Finding = Pick<LinkReport, 'status' | 'came' | 'cause' | 'meaning' | 'remedy'>

/**
 * Tries one link after the other, so that the first that does not hold is the reason for what comes after it.
 *
 * @param tell hears of each as soon as it is known
 */
export async function examine(
  exam: Examination,
  links: readonly Link[],
  tell: (report: LinkReport) => void,
): Promise<readonly LinkReport[]> {
  // Waits have timers that hold nobody up; something has to keep the process alive meanwhile.
  const alive = setInterval(() => undefined, 1000)
  try {
    for (const link of links) {
      const report = await reportOf(exam, link)
      exam.reports.set(link.name, report)
      tell(report)
    }
    return [...exam.reports.values()]
  } finally {
    clearInterval(alive)
    exam.close()
  }
}

async function reportOf(exam: Examination, link: Link): Promise<LinkReport> {
  const begunAt = Date.now()
  const { status, came, ...cause } = await findingOf(exam, link)
  const tried = exam.withoutTokens(link.tried(exam))
  return {
    link: link.name,
    status,
    tried,
    came: exam.withoutTokens(came),
    ms: Date.now() - begunAt,
    ...cause,
  }
}

async function findingOf(exam: Examination, link: Link): Promise<Finding> {
  const missing = link.needs.find((name) => !exam.holds(name))
  if (missing !== undefined) {
    const what = exam.reports.get(missing)?.status === 'failed' ? 'failed' : 'was skipped'
    return { status: 'skipped', came: `needs ${missing}, which ${what}` }
  }
  if (exam.isOutOfTime) return outOfTime(exam)
  try {
    return foundBy(await link.check(exam))
  } catch (error) {
    if (error instanceof Skipped) return { status: 'skipped', came: error.message }
    if (error instanceof Broken) return { status: 'failed', came: error.message, ...explained(error.code) }
    throw error
  }
}

function foundBy({ came, cause }: Came): Finding {
  return cause === undefined ? { status: 'ok', came } : { status: 'warning', came, ...explained(cause) }
}

/** Once is enough: what comes after it is not tried for the same reason. */
function outOfTime(exam: Examination): Finding {
  const came = `the ${exam.options.deadline / 1000} s for all of it are over`
  const isKnown = [...exam.reports.values()].some(({ cause }) => cause === 'out_of_time')
  return isKnown ? { status: 'skipped', came } : { status: 'failed', came, ...explained('out_of_time') }
}
