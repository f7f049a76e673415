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
      const report = await reportOf(exam, link, links)
      exam.reports.set(link.name, report)
      tell(report)
    }
    return [...exam.reports.values()]
  } finally {
    clearInterval(alive)
    exam.close()
  }
}

async function reportOf(exam: Examination, link: Link, links: readonly Link[]): Promise<LinkReport> {
  const begunAt = Date.now()
  const { status, came, ...cause } = missingIn(exam, link, links) ?? (await findingOf(exam, link))
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

/** Of a link that needs another one; nothing if it has all that it needs. */
function missingIn(exam: Examination, link: Link, links: readonly Link[]): Finding | undefined {
  const missing = missingOf(exam, link)
  if (missing === undefined) return undefined
  const root = rootOf(exam, missing, links)
  const became = (name: LinkName): string =>
    exam.reports.get(name)?.status === 'failed' ? 'failed' : 'was skipped'
  const why = root === missing ? '' : `: ${root} ${became(root)}`
  return { status: 'skipped', came: `needs ${missing}, which ${became(missing)}${why}` }
}

function missingOf(exam: Examination, { needs }: Link): LinkName | undefined {
  return needs.find((name) => !exam.holds(name))
}

/** The link with which it began. */
function rootOf(exam: Examination, name: LinkName, links: readonly Link[]): LinkName {
  const link = links.find((one) => one.name === name)
  const missing = link && missingOf(exam, link)
  return missing === undefined ? name : rootOf(exam, missing, links)
}

async function findingOf(exam: Examination, link: Link): Promise<Finding> {
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
