import { durationText } from '../../inspect/times.ts'
import { arrival } from '../arrival.ts'
import type { Link } from '../examine.ts'
import { Broken, Skipped } from '../link.ts'
import { refusalOf } from './publish.ts'

/** Does the queue hand on what is put into it, and how soon? */
export const queue: Link = {
  name: 'queue',
  needs: ['publish'],
  tried: () => 'POST with Prefer: respond-async, another event for both',
  async check(exam) {
    const { id, body } = exam.event('queue')
    const sentAt = Date.now()
    const came = await exam.publish(body, { prefer: 'respond-async' })
    if (came.answer?.status === 200) throw new Skipped('there is no queue here: it was published at once')
    if (came.answer?.status !== 202) throw refusalOf(came)
    const at = await arrival(exam, id)
    const queued = `queued in ${came.endedAt - sentAt} ms`
    if (at === undefined)
      throw new Broken('queue_stuck', `${queued}, not out after ${durationText(Date.now() - sentAt)}`)
    return { came: `${queued}, at both ${durationText(at - sentAt)} after the POST began` }
  },
}
