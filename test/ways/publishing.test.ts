/** What goes wrong before anything is pushed. */
import { describe, expect, it } from 'vitest'
import { openDataFolder } from '../../src/embedded/data-folder.ts'
import { parseEvent } from '../../src/core/event.ts'
import { Client } from '../e2e/client.ts'
import { deploymentOf, deployment, SECRET } from '../e2e/deployment.ts'
import { post, publish } from '../e2e/http.ts'
import { folderForTest, ServerProcess } from '../e2e/server-process.ts'
import { unique } from '../e2e/tokens.ts'
import { whyOnce } from './app.ts'
import { why } from './ask.ts'
import { nameOf } from './ways.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** A server on a folder in which something happened earlier. */
async function serverOn(dataDir: string, environment: Readonly<Record<string, string>> = {}) {
  return deploymentOf(await ServerProcess.forTest({ JWT_SECRET: SECRET, DATA_DIR: dataDir, ...environment }))
}

describe('the event', () => {
  const target = deployment()

  it('wrong role: it names one person and a role, and the other is not told', async () => {
    const [trainer, student, id] = [unique('trainer'), unique('student'), unique('event')]
    const screen = await Client.connect(target, student)
    await publish(target, { type: 'SESSION_COMPLETED', id, userId: trainer, role: 'student' })
    const { reason, evidence } = await why(target, student, id)
    expect(reason).toBe(nameOf('wrong role'))
    expect(evidence.join()).toContain(`for "${trainer}" by userId; not for "${student}"`)
    expect(await screen.arrived()).toEqual([])
  })

  it('no such recipient: it names an id that nobody has', async () => {
    const [student, id] = [unique('student'), unique('event')]
    await Client.connect(target, student)
    const typo = student.replace('student', 'studnet')
    await publish(target, { type: 'SESSION_COMPLETED', id, studentId: typo })
    expect((await why(target, typo, id)).reason).toBe(nameOf('no such recipient'))
    // Who asks with the right id is told whom it names.
    const right = await why(target, student, id)
    expect([right.reason, right.evidence.join()]).toEqual([
      'not_a_recipient',
      expect.stringContaining(`"${typo}" by studentId`),
    ])
  })

  it('event too large: it was refused, and the publisher did not look', async () => {
    const [student, id] = [unique('student'), unique('event')]
    const { status } = await post(target, {
      type: 'SESSION_COMPLETED',
      id,
      studentId: student,
      notes: 'x'.repeat(130_000),
    })
    expect(status).toBe(413)
    const { reason, evidence } = await why(target, student, id)
    expect(reason).toBe(nameOf('event too large'))
    expect(evidence.join()).toContain('event_too_large')
    expect(evidence.join()).toContain('at most 122880 are allowed')
  })

  it('is asked for by its JSON where it has no id', async () => {
    const event = { type: 'T', timestamp: 1_732_406_400_000, role: 'trainer', session: unique('session') }
    expect((await post(target, event)).status).toBe(422)
    const { reason, evidence } = await why(target, unique('trainer'), JSON.stringify(event))
    expect(reason).toBe('refused')
    expect(evidence.join()).toContain('no_recipients')
  })
})

it('publisher never retried: its try died after the log had the event', async () => {
  const [student, id] = [unique('student'), unique('event')]
  const dataDir = folderForTest()
  const text = JSON.stringify({ type: 'SESSION_COMPLETED', id, studentId: student })
  // All that a publish does until it is on disk: what would come next is the push.
  const folder = openDataFolder(dataDir, { clock: { now: () => Date.now() - 5 * MINUTE } })
  await folder.log.append([parseEvent(text)])
  await folder.close()

  const target = await serverOn(dataDir)
  const { reason, evidence } = await why(target, student, id)
  expect(reason).toBe(nameOf('publisher never retried'))
  expect(evidence.join()).toContain('in the user’s log')
  // What the remedy says: the same event again.
  await publish(target, JSON.parse(text))
  expect((await why(target, student, id)).reason).toBe('never_seen')
})

it('log expired: the device did not come within the retention', async () => {
  const [student, id] = [unique('student'), unique('event')]
  const dataDir = folderForTest()
  const then = Date.now() - 1.5 * DAY
  const folder = openDataFolder(dataDir, { clock: { now: () => then }, retentionMs: DAY })
  const [appended] = await folder.log.append([
    parseEvent(JSON.stringify({ type: 'SESSION_COMPLETED', id, studentId: student })),
  ])
  if (appended?.status !== 'appended') throw new Error('the event was not appended')
  await folder.log.complete([{ ...appended.receipt, state: 'logged' }])
  await folder.close()

  const target = await serverOn(dataDir, { RETENTION_DAYS: '1' })
  expect((await whyOnce(nameOf('log expired'), target, student, id)).reason).toBe(nameOf('log expired'))
})
