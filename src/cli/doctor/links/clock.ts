import { durationText } from '../../inspect/times.ts'
import type { Link } from '../examine.ts'
import { Broken, Skipped } from '../link.ts'

/** As tokens are checked: src/auth/verify-token.ts. In milliseconds. */
const LEEWAY = 5000
/** A date in a header has whole seconds, those that have begun. RFC 9110, section 5.6.7. */
const GRANULARITY = 999

/** Do the clocks agree, as far as can be told from here? */
export const clock: Link = {
  name: 'clock',
  needs: ['server'],
  tried: () => 'the server’s Date against this machine’s clock',
  async check(exam) {
    // A second request: the first may have had to set up a connection, and waiting makes the answer less exact.
    const { answer, begunAt, endedAt } = await exam.ask('/health')
    const date = Date.parse(answer?.headers.get('date') ?? '')
    if (Number.isNaN(date)) throw new Skipped('the answer has no Date')
    const ahead = { least: date - endedAt, most: date + GRANULARITY - begunAt }
    if (ahead.least > LEEWAY) throw new Broken('clock_wrong', apart(ahead.least, 'ahead of'))
    if (ahead.most < -LEEWAY) throw new Broken('clock_wrong', apart(-ahead.most, 'behind'))
    const furthest = Math.max(Math.abs(ahead.least), Math.abs(ahead.most))
    return { came: `they differ by ${durationText(furthest)} at most` }
  },
}

function apart(ms: number, how: string): string {
  return `the server’s clock is ${durationText(ms)} ${how} this machine’s, at least`
}
