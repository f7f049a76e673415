import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken } from '../link.ts'
import { cameText, type Exchange, isOurs } from '../web.ts'

/** Does anything answer, and is it event-fanout? */
export const server: Link = {
  name: 'server',
  needs: [],
  tried: (exam) => `GET ${exam.address('/health').href}`,
  async check(exam) {
    const came = await exam.ask('/health')
    exam.health = came
    if (partsOf(came) !== undefined) return { came: `${came.answer?.status ?? 0}, event-fanout` }
    // Not everybody lets everybody ask for the health.
    const api = await exam.ask('/api/v1/events/recent')
    if (isOurs(api)) return { came: `${cameText(came)}; but its API answers` }
    const isSilent = came.answer === undefined && api.answer === undefined
    throw new Broken(
      isSilent ? 'server_down' : 'not_event_fanout',
      cameText(isSilent || came.answer ? came : api),
    )
  },
}

interface Part {
  readonly status?: unknown
  readonly detail?: unknown
  readonly [count: string]: unknown
}

/** The parts that `/health` tells of; nothing if that is no health of ours. */
export function partsOf(came: Exchange | undefined): Readonly<Record<string, Part>> | undefined {
  const { status, parts } = came?.answer?.fields ?? {}
  const isHealth = (status === 'ok' || status === 'failing') && typeof parts === 'object' && parts !== null
  return isHealth ? (parts as Record<string, Part>) : undefined
}

/** Do all parts work? */
export const health: Link = {
  name: 'health',
  needs: ['server'],
  tried: () => 'the parts that it tells of',
  async check(exam) {
    const parts = partsOf(exam.health)
    if (parts === undefined) return { came: healthText(exam), cause: 'health_hidden' }
    const failing = Object.entries(parts).filter(([, { status }]) => status !== 'ok')
    if (failing.length === 0) return { came: Object.entries(parts).map(partText).join('; ') }
    throw new Broken('unhealthy', failing.map(partText).join('; '))
  },
}

function healthText({ health: came }: Examination): string {
  return came === undefined ? 'not asked' : cameText(came)
}

function partText([name, { status, detail, ...counts }]: [string, Part]): string {
  const numbers = Object.entries(counts).flatMap(([what, count]) =>
    typeof count === 'number' ? [`${count} ${what}`] : [],
  )
  const text = [String(status), ...numbers].join(', ')
  return `${name}: ${text}${typeof detail === 'string' ? ` (${detail})` : ''}`
}
