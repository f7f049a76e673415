import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken } from '../link.ts'
import { cameText, type Exchange, problemCode } from '../web.ts'

interface Recipient {
  readonly userId: string
  readonly offset: number
  readonly connections: number
  readonly sent: number
}

/** Is an event accepted, for both of the people whom it names? */
export const publish: Link = {
  name: 'publish',
  needs: ['publisher_token'],
  tried: () => 'POST /api/v1/events, an event for trainer and student',
  async check(exam) {
    const { id, body } = exam.event('publish')
    const sentAt = Date.now()
    const came = await exam.publish(body)
    const recipients = recipientsIn(came)
    if (recipients === undefined) throw refusalOf(came)
    const absent = exam.people.filter(({ userId }) => !recipients.some((one) => one.userId === userId))
    if (absent.length > 0 || recipients.length !== exam.people.length) {
      throw new Broken(
        'recipients_missing',
        `accepted for ${JSON.stringify(recipients.map((one) => one.userId))}`,
      )
    }
    const offsets = new Map(recipients.map(({ userId, offset }) => [userId, offset]))
    exam.published = { id, body, sentAt, offsets }
    return { came: `accepted in ${came.endedAt - sentAt} ms; ${placesText(exam, recipients)}` }
  },
}

/** Of an event that was accepted. */
function recipientsIn({ answer }: Exchange): readonly Recipient[] | undefined {
  const recipients = answer?.status === 200 ? answer.fields?.['recipients'] : undefined
  return Array.isArray(recipients) ? (recipients as readonly Recipient[]) : undefined
}

export function refusalOf(came: Exchange): Broken {
  const code = problemCode(came)
  if (code === 'unauthorized') return new Broken('token_refused', cameText(came))
  if (code === 'forbidden') return new Broken('scope_missing', cameText(came))
  return new Broken('publish_refused', cameText(came))
}

function placesText({ people }: Examination, recipients: readonly Recipient[]): string {
  const places = recipients.map(({ userId, offset, connections, sent }) => {
    const role = people.find((person) => person.userId === userId)?.role ?? userId
    return `${role} at offset ${offset}, pushed to ${sent} of ${connections}`
  })
  return places.join('; ')
}
