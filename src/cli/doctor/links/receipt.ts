import { setTimeout as sleep } from 'node:timers/promises'
import type { Examination, Person } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken } from '../link.ts'
import { cameText, type Exchange } from '../web.ts'
import { publishedIn } from './push.ts'

/** Milliseconds between two questions. */
const ASK_EVERY = 200

/** Does the server know the event's way, to the end? */
export const receipt: Link = {
  name: 'receipt',
  needs: ['resume', 'admin_token'],
  tried: () => 'an acknowledgement of both, then GET …/receipt and …/why',
  async check(exam) {
    const path = `/api/v1/events/${publishedIn(exam).id}`
    const way = await askAdmin(exam, `${path}/receipt`)
    if (!namesAll(exam, way)) throw refused(way)
    for (const person of exam.people) await acknowledged(exam, path, person)
    return { came: `receipt ${String(way.answer?.fields?.['state'])}; why says applied, of both` }
  },
}

function namesAll({ people }: Examination, { answer }: Exchange): boolean {
  const recipients: unknown = answer?.fields?.['recipients']
  if (answer?.status !== 200 || !Array.isArray(recipients)) return false
  const named = new Set((recipients as readonly { readonly userId?: unknown }[]).map(({ userId }) => userId))
  return people.every(({ userId }) => named.has(userId))
}

async function acknowledged(exam: Examination, path: string, { role, userId }: Person): Promise<void> {
  exam.devices.get(userId)?.send({ action: 'ack', offset: publishedIn(exam).offsets.get(userId) })
  const query = new URLSearchParams({ user: userId, device: exam.device }).toString()
  const patience = exam.patience()
  // An acknowledgement is not answered: whether it has come shows in what it changes.
  for (;;) {
    const came = await askAdmin(exam, `${path}/why?${query}`)
    const reason = came.answer?.fields?.['reason']
    if (reason === 'applied') return
    if (typeof reason !== 'string') throw refused(came)
    if (patience.aborted) throw new Broken('ack_lost', `of the ${role} why says ${reason}`)
    await sleep(ASK_EVERY)
  }
}

async function askAdmin(exam: Examination, path: string): Promise<Exchange> {
  return exam.ask(path, { token: exam.options.credentials.admin?.text ?? '' })
}

function refused(came: Exchange): Broken {
  return new Broken('receipt_missing', cameText(came))
}
