import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken, Skipped } from '../link.ts'
import { DoctorSocket } from '../socket.ts'
import { cameText, type Exchange } from '../web.ts'

/** May pages of an origin connect, and read polls? */
export const origin: Link = {
  name: 'origin',
  needs: ['reader_tokens'],
  tried: ({ options }) => `a handshake and a poll as a page of ${options.origin ?? 'an origin'}`,
  async check(exam) {
    const { origin: page } = exam.options
    if (page === undefined) throw new Skipped('no --origin was given; it is for apps in browsers')
    return {
      came: [await handshake(exam, page), await preflight(exam, page), await poll(exam, page)].join('; '),
    }
  },
}

async function handshake(exam: Examination, page: string): Promise<string> {
  if (!exam.holds('handshake_subprotocol')) return 'no handshake, see handshake_subprotocol'
  const socket = await exam.open('subprotocol', exam.people[0].token?.text ?? '', page)
  if (!(socket instanceof DoctorSocket)) {
    throw new Broken('origin_refused', `the handshake: ${socket.status ?? ''} ${socket.text}`)
  }
  socket.close()
  return 'handshake: open'
}

async function preflight(exam: Examination, page: string): Promise<string> {
  const headers = {
    origin: page,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization',
  }
  const came = await exam.ask('/api/v1/events/recent', { method: 'OPTIONS', headers })
  const allowed = came.answer?.headers.get('access-control-allow-headers') ?? ''
  const names = allowed.split(',').map((name) => name.trim().toLowerCase())
  // A star does not stand for Authorization. Fetch standard, section 3.3.4.
  if (allows(came, page) && names.includes('authorization')) return 'preflight: allowed'
  throw new Broken(
    'origin_refused',
    `the preflight of polls: ${corsText(came)}, headers ${JSON.stringify(allowed)}`,
  )
}

async function poll(exam: Examination, page: string): Promise<string> {
  const { token } = exam.people[0]
  const came = await exam.ask('/api/v1/events/recent?limit=1', {
    ...(token && { token: token.text }),
    headers: { origin: page },
  })
  if (allows(came, page)) return 'poll: readable'
  throw new Broken('origin_refused', `the answer to a poll: ${corsText(came)}`)
}

function allows({ answer }: Exchange, page: string): boolean {
  return ['*', page].includes(answer?.headers.get('access-control-allow-origin') ?? '')
}

function corsText(came: Exchange): string {
  const allowed = came.answer?.headers.get('access-control-allow-origin')
  const answered = came.answer === undefined ? cameText(came) : String(came.answer.status)
  return allowed === null || allowed === undefined
    ? `${answered}, allows no origin`
    : `${answered}, allows the origin ${JSON.stringify(allowed)}`
}
