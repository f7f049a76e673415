import { SCOPES, type Scope } from '../../../core/codes.ts'
import { durationText } from '../../inspect/times.ts'
import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken, type Came, Skipped } from '../link.ts'
import type { Token } from '../tokens.ts'
import { cameText, type Exchange, isOurs, problemCode } from '../web.ts'

/** Are the readers' tokens taken? */
export const readerTokens: Link = {
  name: 'reader_tokens',
  needs: ['server'],
  tried: () => 'the tokens of trainer and student, asked of the API',
  async check(exam) {
    const came: Came[] = []
    for (const { role, token } of exam.people) {
      if (token === undefined) throw new Skipped(missing(exam, '--reader-token, twice'))
      const { came: text, cause } = await taken(token, await probe(exam, token.text))
      came.push({ came: `${role} ${text}`, ...(cause && { cause }) })
    }
    const cause = came.find((one) => one.cause !== undefined)?.cause
    return { came: came.map((one) => one.came).join('; '), ...(cause && { cause }) }
  },
}

/** Is the publisher's token taken, and does it allow to publish? */
export const publisherToken: Link = {
  name: 'publisher_token',
  needs: ['server'],
  tried: () => 'a publisher’s token, with an empty POST /api/v1/events',
  async check(exam) {
    const token = exam.options.credentials.publisher
    if (token === undefined) throw new Skipped(missing(exam, '--token or FANOUT_TOKEN'))
    return taken(token, await exam.publish(''), SCOPES.publish)
  },
}

/** Is the administrator's token taken, and does it allow to look at receipts? */
export const adminToken: Link = {
  name: 'admin_token',
  needs: ['server'],
  tried: () => 'an administrator’s token, with the receipt of an event that does not exist',
  async check(exam) {
    const token = exam.options.credentials.admin
    if (token === undefined) throw new Skipped(missing(exam, '--admin-token or FANOUT_ADMIN_TOKEN'))
    const path = `/api/v1/events/${exam.options.name}-none/receipt`
    return taken(token, await exam.ask(path, { token: token.text }), SCOPES.admin)
  },
}

function missing({ options: { credentials } }: Examination, option: string): string {
  return `no token: give ${option} (${credentials.missing})`
}

/**
 * Whether a token is taken shows where a publish without a body is refused: for its body, or for its scope. Of the two
 * addresses one may be blocked, which a later link is about.
 */
async function probe(exam: Examination, token: string): Promise<Exchange> {
  const posted = await exam.ask('/api/v1/events', { method: 'POST', token, body: '' })
  return isOurs(posted) ? posted : exam.ask('/api/v1/events/recent?limit=1', { token })
}

async function taken(token: Token, came: Exchange, scope?: Scope): Promise<Came> {
  if (token.expiresAt !== undefined && token.expiresAt <= Date.now()) {
    throw new Broken('token_ended', `it ended ${durationText(Date.now() - token.expiresAt)} ago`)
  }
  if (!isOurs(came)) return { came: `not known: ${cameText(came)}`, cause: 'api_blocked' }
  if (scope !== undefined && !token.scopes.includes(scope)) {
    throw new Broken(
      'scope_missing',
      `its scopes are ${JSON.stringify(token.scopes.join(' '))}, without ${scope}`,
    )
  }
  const code = problemCode(came)
  if (code === 'unauthorized') throw new Broken('token_refused', `${cameText(came)}; ${claimsText(token)}`)
  if (code === 'forbidden' && scope !== undefined) throw new Broken('scope_missing', cameText(came))
  if (code === 'unavailable') throw new Broken('unhealthy', cameText(came))
  return { came: `taken, ${claimsText(token)}` }
}

function claimsText({ expiresAt, issuedAt, scopes }: Token): string {
  const now = Date.now()
  const parts = [
    issuedAt === undefined ? 'does not say when it was issued' : `issued ${durationText(now - issuedAt)} ago`,
    expiresAt === undefined ? 'without an end' : `ends in ${durationText(expiresAt - now)}`,
    ...(scopes.length === 0 ? [] : [`scope ${scopes.join(' ')}`]),
  ]
  return parts.join(', ')
}
