import type { Examination, Published } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken, Skipped } from '../link.ts'
import type { DoctorSocket } from '../socket.ts'
import { cameText } from '../web.ts'
import { refusalOf } from './publish.ts'

interface Screen {
  readonly name: string
  readonly socket: DoctorSocket
}

function screensOf({ people }: Examination): readonly Screen[] {
  const screens = people.flatMap(({ role, sockets }) =>
    sockets.map((socket) => ({ name: `${role} (${socket.way})`, socket })),
  )
  if (screens.length === 0) throw new Skipped('needs a handshake, and none was made')
  return screens
}

/** What the links after `publish` look for. */
export function publishedIn({ published }: Examination): Published {
  if (published === undefined) throw new Skipped('nothing was published')
  return published
}

/** Does the event come on every socket of both, by itself? */
export const push: Link = {
  name: 'push',
  needs: ['publish'],
  tried: () => 'the event on every socket of both',
  async check(exam) {
    const { id, sentAt } = publishedIn(exam)
    const patience = exam.patience()
    const came = await Promise.all(
      screensOf(exam).map(async ({ name, socket }) => ({
        name,
        at: socket.isEvicted ? undefined : await socket.pushed(id, patience),
      })),
    )
    const evicted = screensOf(exam).filter(({ socket }) => socket.isEvicted)
    const times = came.flatMap(({ at }) => (at === undefined ? [] : [at - sentAt]))
    const names = new Set(evicted.map(({ name }) => name))
    const absent = came.filter(({ at, name }) => at === undefined && !names.has(name)).map(({ name }) => name)
    if (absent.length > 0) {
      throw new Broken(
        'push_missing',
        `on ${times.length} of ${came.length} sockets; not on ${absent.join(', ')}`,
      )
    }
    const cap =
      evicted.length === 0
        ? ''
        : `; ${evicted.length} more were closed as evicted, for the server lets one user have fewer connections at once`
    return {
      came: `on all ${times.length} sockets, the last ${Math.max(...times)} ms after the POST began${cap}`,
    }
  },
}

/** Does publishing the same event again change nothing? */
export const duplicate: Link = {
  name: 'duplicate',
  needs: ['publish'],
  tried: () => 'POST of the same event again',
  async check(exam) {
    const { id, body } = publishedIn(exam)
    const screens = exam.people.flatMap(({ sockets }) => sockets).filter((socket) => socket.pushes(id) > 0)
    const before = screens.map((socket) => socket.pushes(id))
    const came = await exam.publish(body)
    if (came.answer?.status !== 200) throw refusalOf(came)
    if (came.answer.fields?.['duplicate'] !== true) throw new Broken('duplicate_taken', cameText(came))
    const patience = exam.patience()
    // What was pushed before the answer has come by the time that a later question is answered.
    await Promise.all(screens.map(async (socket) => socket.ask({ action: 'ping' }, 'pong', patience)))
    const again = screens.filter((socket, i) => socket.pushes(id) > (before[i] ?? 0))
    if (again.length === 0)
      return { came: `known as a duplicate, pushed to none of ${screens.length} sockets` }
    throw new Broken('duplicate_pushed', `pushed again to ${again.length} of ${screens.length} sockets`)
  },
}
