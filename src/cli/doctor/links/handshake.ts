import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Broken, type LinkName, Skipped } from '../link.ts'
import { DoctorSocket, type NoSocket, type Way, WAYS } from '../socket.ts'

const TRIED: Readonly<Record<Way, string>> = {
  header: 'Authorization: Bearer …, as apps and servers do',
  subprotocol: 'the subprotocols fanout.v1 and bearer.…, as browsers do',
  query: '?token=…, the last resort',
}

/** Does a WebSocket open with a token that is passed this way? For both; the sockets stay open for the links that follow. */
function handshakeBy(way: Way): Link {
  return {
    name: `handshake_${way}`,
    needs: ['reader_tokens'],
    tried: (exam) => `a WebSocket to ${exam.options.wsUrl.href} with ${TRIED[way]}`,
    async check(exam) {
      const opened: string[] = []
      for (const { role, token, sockets } of exam.people) {
        const begunAt = Date.now()
        const socket = await exam.open(way, token?.text ?? '')
        if (!(socket instanceof DoctorSocket))
          throw await refusedHandshake(exam, way, token?.text ?? '', socket)
        sockets.push(socket)
        opened.push(`${role} open after ${Date.now() - begunAt} ms`)
      }
      return { came: opened.join(', ') }
    },
  }
}

export const handshakes: readonly Link[] = WAYS.map(handshakeBy)

/** Why there is no socket. */
export async function refusedHandshake(
  exam: Examination,
  way: Way,
  token: string,
  refusal: NoSocket,
): Promise<Broken> {
  const { status, text } = refusal
  if (status === undefined) return exam.blocked('websocket_blocked', text)
  const came = `${status} ${text}`.trim()
  if (status === 401) {
    const isTaken = await opensAnotherWay(exam, way, token)
    return new Broken(isTaken ? 'token_stripped' : 'token_refused', came)
  }
  // As the gateway answers; one that gets no upgrade, or half of one, says 426 or 400.
  const isGateway = text.startsWith('{"message":') && status !== 400 && status !== 426 && status !== 404
  return new Broken(isGateway ? 'handshake_refused' : 'websocket_blocked', came)
}

async function opensAnotherWay(exam: Examination, way: Way, token: string): Promise<boolean> {
  for (const other of WAYS.filter((one) => one !== way)) {
    const socket = await exam.open(other, token)
    if (!(socket instanceof DoctorSocket)) continue
    socket.close()
    return true
  }
  return false
}

/** The first way that works. @throws Skipped if none does */
export function workingWay(exam: Examination): Way {
  const way = WAYS.find((one) => exam.holds(`handshake_${one}` satisfies LinkName))
  if (way === undefined) throw new Skipped('needs a handshake, and none was made')
  return way
}
