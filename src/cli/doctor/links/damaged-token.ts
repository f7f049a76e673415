import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken, Skipped } from '../link.ts'
import { DoctorSocket } from '../socket.ts'
import { damaged, type Token } from '../tokens.ts'
import { cameText, type Exchange, isPage, problemCode } from '../web.ts'

/** What a way in did with the damaged token; `unknown`: somebody else answered, or nobody. */
interface Entrance {
  readonly where: string
  readonly did: 'refused' | 'accepted' | 'unknown'
  readonly came: string
}

/** Is a token refused whose signature is not that of its claims? */
export const damagedToken: Link = {
  name: 'damaged_token',
  needs: ['server'],
  tried: () => 'a token with a damaged signature, by publish, poll and handshake',
  async check(exam) {
    const { trainer, publisher, admin } = exam.options.credentials
    const token = trainer ?? publisher ?? admin
    if (token === undefined) throw new Skipped('there is no token to damage')
    const entrances = await tryAll(exam, token)
    const text = entrances.map(({ where, came }) => `${where}: ${came}`).join('; ')
    if (entrances.some(({ did }) => did === 'accepted')) throw new Broken('everything_accepted', text)
    if (entrances.every(({ did }) => did === 'unknown'))
      throw new Skipped(`event-fanout did not answer; ${text}`)
    return { came: text }
  },
}

async function tryAll(exam: Examination, token: Token): Promise<readonly Entrance[]> {
  const bad = damaged(token)
  const posted = await exam.ask('/api/v1/events', { method: 'POST', token: bad, body: '' })
  const polled = await exam.ask('/api/v1/events/recent?limit=1', { token: bad })
  return [
    { where: 'publish', did: didPublish(posted), came: cameText(posted) },
    { where: 'poll', did: didPoll(polled), came: isPage(polled) ? 'a page' : cameText(polled) },
    await handshake(exam, bad),
  ]
}

function didPublish(came: Exchange): Entrance['did'] {
  const code = problemCode(came)
  if (code === 'unauthorized') return 'refused'
  const isTaken = came.answer?.status === 200 && came.answer.fields?.['recipients'] !== undefined
  return isTaken || code === 'malformed_json' || code === 'forbidden' ? 'accepted' : 'unknown'
}

function didPoll(came: Exchange): Entrance['did'] {
  if (problemCode(came) === 'unauthorized') return 'refused'
  return isPage(came) ? 'accepted' : 'unknown'
}

async function handshake(exam: Examination, bad: string): Promise<Entrance> {
  const socket = await exam.open('header', bad)
  if (!(socket instanceof DoctorSocket)) {
    const { status, text } = socket
    return {
      where: 'handshake',
      did: status === 401 ? 'refused' : 'unknown',
      came: `${status ?? ''} ${text}`.trim(),
    }
  }
  socket.close()
  return { where: 'handshake', did: 'accepted', came: 'open' }
}
