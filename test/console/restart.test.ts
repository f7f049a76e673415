import { expect, it, onTestFinished } from 'vitest'
import { post } from '../e2e/http.ts'
import { folderForTest, ServerProcess } from '../e2e/server-process.ts'
import { ConsolePage, PATIENCE, useBrowser } from './browser.ts'
import { expectWholeLog, logOf, targetOf } from './logs.ts'

useBrowser()

const EVENTS = 90
const KILL_AT = [30, 60]

it('killed twice under load and started again, the server and both sides have every event once', async () => {
  const folder = folderForTest()
  let server = new ServerProcess({ DATA_DIR: folder })
  onTestFinished(async () => server.dispose())
  await server.logged('serving')
  const ports = { PORT: new URL(server.httpUrl).port, WS_PORT: new URL(server.wsUrl).port }
  const target = targetOf(server)
  const console = await ConsolePage.live(server, { failuresAreExpected: true })

  const restart = async (): Promise<void> => {
    await server.stop('SIGKILL')
    server = new ServerProcess({ DATA_DIR: folder, ...ports })
    await server.logged('serving')
  }
  let restarting: Promise<void> | undefined
  for (let n = 1; n <= EVENTS; n++) {
    const event = {
      type: 'SESSION_COMPLETED',
      timestamp: 1_790_000_000_000 + n,
      sessionId: `s-${n}`,
      trainerId: 'trainer-1',
      studentId: 'student-1',
    }
    if (KILL_AT.includes(n)) restarting = restart()
    await published(target, event)
    if (n === KILL_AT[0]! + 5) await console.screenshot('restarting-light-1280')
  }
  await restarting

  for (const role of ['trainer', 'student'] as const) {
    expect(await logOf(server, `${role}-1`)).toHaveLength(EVENTS)
    await console.untilStatus(role, 'live')
    await expectWholeLog(console, server, role)
  }
  await console.screenshot('restarted-light-1280')
})

/** As a backend does: tried again until it is acknowledged. The id follows from the content, so that nothing is doubled. */
async function published(target: ReturnType<typeof targetOf>, event: object): Promise<void> {
  const status = async () => post(target, event).then((answer) => answer.status, String)
  await expect.poll(status, PATIENCE).toBe(200)
}
