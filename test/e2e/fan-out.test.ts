import { describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import { deployment } from './deployment.ts'
import { publish, recent } from './http.ts'
import { unique } from './tokens.ts'

const target = deployment()

/** The event of the failure report, for people of this test. */
function sessionCompleted(role: unknown) {
  return {
    type: 'SESSION_COMPLETED',
    timestamp: Date.now(),
    userId: unique('test-user'),
    role,
    sessionId: unique('test-session'),
    trainerId: unique('test-trainer'),
    studentId: unique('test-student'),
  }
}

/** Something later for a user: what has not come when this comes, does not come. */
const marker = (userId: string) => ({ type: 'MARKER', id: unique('marker'), userId })

describe.each(['trainer', 'student', 'nobody', null, 7])(
  'the event of the failure report, role %j',
  (role) => {
    it('reaches both sockets at once, unchanged plus its id', async () => {
      const event = sessionCompleted(role)
      const trainer = await Client.connect(target, event.trainerId)
      const student = await Client.connect(target, event.studentId)

      const { id, duplicate, recipients } = await publish(target, event)

      expect(duplicate).toBe(false)
      expect(id).toMatch(/^[\da-f]{64}$/)
      expect(recipients).toEqual([
        { userId: event.trainerId, offset: expect.any(Number) as number, connections: 1, sent: 1 },
        { userId: event.studentId, offset: expect.any(Number) as number, connections: 1, sent: 1 },
      ])
      for (const [i, client] of [trainer, student].entries()) {
        const text = `${JSON.stringify(event).slice(0, -1)},"id":"${id}"}`
        expect(await client.nextText()).toBe(
          `{"type":"event","offset":${recipients[i]!.offset},"event":${text}}`,
        )
      }
    })

    it('reaches nobody else, by socket or by poll', async () => {
      const event = sessionCompleted(role)
      const third = unique('third')
      const bystander = await Client.connect(target, third)
      const namedUser = await Client.connect(target, event.userId)

      await publish(target, event)

      expect(await bystander.arrived()).toEqual([])
      expect(await namedUser.arrived()).toEqual([])
      expect(await recent(target, third, '?after=0')).toMatchObject({ events: [], truncated: false })
      expect(await recent(target, event.userId)).toMatchObject({ events: [], truncated: false })
    })

    it('is read by both later', async () => {
      const event = sessionCompleted(role)
      const { id, recipients } = await publish(target, event)
      for (const { userId, offset } of recipients) {
        expect(await recent(target, userId)).toEqual({
          events: [{ offset, loggedAt: expect.any(Number) as number, event: { ...event, id } }],
          head: offset,
          more: false,
          truncated: false,
        })
      }
    })
  },
)

describe('a second publish of the same event', () => {
  it('is a duplicate, with the numbers of then, and pushes nothing', async () => {
    const event = sessionCompleted('trainer')
    const trainer = await Client.connect(target, event.trainerId)
    const first = await publish(target, event)
    expect(await trainer.next()).toMatchObject({ type: 'event' })
    const late = await Client.connect(target, event.studentId)

    expect(await publish(target, event)).toEqual({ ...first, duplicate: true })

    const { recipients } = await publish(target, marker(event.trainerId))
    const next = await trainer.next()
    expect(next).toMatchObject({ type: 'event', event: { type: 'MARKER' } })
    expect(next['offset']).toBe(recipients[0]!.offset)
    expect(recipients[0]!.offset).toBe(first.recipients[0]!.offset + 1)
    expect(await late.arrived()).toEqual([])
    expect((await recent(target, event.studentId)).events).toHaveLength(1)
  })

  it('is one although it comes at the same time, ten times over', async () => {
    const event = sessionCompleted('student')
    const student = await Client.connect(target, event.studentId)
    const answers = await Promise.all(Array.from({ length: 10 }, () => publish(target, event)))
    const first = answers.filter(({ duplicate }) => !duplicate)
    const offsets = new Set(answers.map(({ recipients }) => recipients[1]!.offset))
    expect(offsets.size).toBe(1)
    const frames = await student.arrived()
    expect(new Set(frames.map(({ offset }) => offset))).toEqual(offsets)
    // One process lets the second try wait for the first. Functions that run at once do not know of each other: each may
    // push, and the client knows by the offset that it is one event.
    if (target.isOwn) expect([first.length, frames.length]).toEqual([1, 1])
    else expect(frames.length).toBe(first.length)
    expect((await recent(target, event.studentId)).events).toHaveLength(1)
  })

  it('has other fields order and number formats, and is the same event all the same', async () => {
    const userId = unique('user')
    const first = await publish(target, `{"type":"T","timestamp":1.0,"userId":"${userId}","n":10}`)
    const again = await publish(target, `{ "n": 1e1, "userId": "${userId}", "timestamp": 1, "type": "T" }`)
    expect(again).toEqual({ ...first, duplicate: true })
  })

  it('has other content under the same id, and is refused', async () => {
    const userId = unique('user')
    const id = unique('event')
    const socket = await Client.connect(target, userId)
    await publish(target, { type: 'T', id, userId, n: 1 })
    await expect(publish(target, { type: 'T', id, userId, n: 2 })).rejects.toThrow(/^409 .*"id_conflict"/)
    expect(await socket.arrived()).toMatchObject([{ event: { n: 1 } }])
  })
})

describe('several sockets of one user', () => {
  it('all get the event', async () => {
    const userId = unique('user')
    const sockets = [await Client.connect(target, userId), await Client.connect(target, userId)]
    const { recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(recipients).toMatchObject([{ userId, connections: 2, sent: 2 }])
    for (const socket of sockets) expect(await socket.arrived()).toHaveLength(1)
  })

  it('which are gone are not counted', async () => {
    const userId = unique('user')
    const leaver = await Client.connect(target, userId)
    const stayer = await Client.connect(target, userId)
    leaver.socket.close(1000)
    await leaver.closed
    const { recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(recipients).toMatchObject([{ sent: 1 }])
    expect(await stayer.arrived()).toHaveLength(1)
  })
})
