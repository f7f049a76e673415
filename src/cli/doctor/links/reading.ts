import type { Examination, Person, Published } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken } from '../link.ts'
import { DoctorSocket, type Frame } from '../socket.ts'
import { cameText, type Exchange, isOurs, isPage, problemCode } from '../web.ts'
import { refusedHandshake, workingWay } from './handshake.ts'
import { publishedIn } from './push.ts'

/** Do polls get through, and is the event in them? */
export const polling: Link = {
  name: 'polling',
  needs: ['reader_tokens'],
  tried: ({ published }) =>
    `GET /api/v1/events/recent of both, ${published ? 'from just before the event' : 'the newest event'}`,
  async check(exam) {
    const { published } = exam
    for (const person of exam.people) {
      const came = await poll(exam, person)
      if (!isPage(came)) throw await broken(exam, came)
      const found = published === undefined ? 1 : timesIn(came.answer?.fields, published)
      if (found !== 1)
        throw new Broken('polling_wrong', `the ${person.role}’s page has the event ${found} times`)
    }
    return { came: published === undefined ? 'a page each' : 'the event exactly once, for both' }
  },
}

async function poll(exam: Examination, { userId, token }: Person): Promise<Exchange> {
  const offset = exam.published?.offsets.get(userId)
  const query = offset === undefined ? 'limit=1' : `after=${offset - 1}`
  return exam.ask(`/api/v1/events/recent?${query}`, { token: token?.text ?? '' })
}

async function broken(exam: Examination, came: Exchange): Promise<Broken> {
  if (!isOurs(came)) return exam.blocked('polling_blocked', cameText(came))
  if (problemCode(came) === 'unauthorized') return new Broken('token_refused', cameText(came))
  return new Broken(came.answer?.status === 503 ? 'unhealthy' : 'polling_wrong', cameText(came))
}

/** How often the event stands in a page. */
function timesIn(page: Frame | undefined, { id }: Published): number {
  const events = (page?.['events'] ?? []) as readonly { readonly event?: { readonly id?: unknown } }[]
  return events.filter(({ event }) => event?.id === id).length
}

/** Does a new socket get what came before it? It stays open, as that of a device. */
export const resume: Link = {
  name: 'resume',
  needs: ['publish'],
  tried: () => 'a new socket of both that resumes from just before the event',
  async check(exam) {
    const published = publishedIn(exam)
    const way = workingWay(exam)
    for (const person of exam.people) {
      const token = person.token?.text ?? ''
      const socket = await exam.open(way, token)
      if (!(socket instanceof DoctorSocket)) throw await refusedHandshake(exam, way, token, socket)
      const after = (published.offsets.get(person.userId) ?? 1) - 1
      const page = await socket.ask(
        { action: 'resume', after, device: exam.device },
        'events',
        exam.patience(),
      )
      const found = page === undefined ? 0 : timesIn(page, published)
      const what = page === undefined ? 'no answer' : `a page with the event ${found} times`
      if (found !== 1) throw new Broken('resume_incomplete', `the ${person.role}: ${what}`)
      exam.devices.set(person.userId, socket)
    }
    return { came: 'the event exactly once, for both' }
  },
}
