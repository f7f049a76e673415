/** What administrators ask and do over the template: one part of `end-to-end.test.ts`, whose permission proof needs it. */
import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { Client, handshake, refusal } from '../e2e/client.ts'
import { type Answer, post, publish, request } from '../e2e/http.ts'
import { inSeconds, publisherToken, tokenFor, unique } from '../e2e/tokens.ts'
import type { ServedStack } from './served.ts'

export function describeAdministering(target: ServedStack): void {
  const admin = () => tokenFor(target, 'admin', { scope: 'events:admin' })
  const ask = async (path: string, token = admin(), method = 'GET'): Promise<Answer> =>
    request(`${target.httpUrl}/api/v1/${path}`, { method, headers: { authorization: `Bearer ${token}` } })
  const eventPath = (id: string) => `events/${encodeURIComponent(id)}`
  const userPath = (id: string) => `users/${encodeURIComponent(id)}`
  const whyOf = async (eventId: string, userId: string) =>
    (await ask(`${eventPath(eventId)}/why?user=${encodeURIComponent(userId)}`)).json

  /** When an item of this key was put, and the function knows it. Nobody is answered what is only told. */
  const isPut = async (...key: readonly string[]) =>
    target.running.recording.when(({ calls }) =>
      calls.some(({ operation, request: put }) => {
        const text = JSON.stringify(put)
        return operation === 'PutItem' && key.every((part) => text.includes(JSON.stringify({ S: part })))
      }),
    )

  /** The device's row was there since its `resume`, so it is changed. */
  const isAcknowledged = async (userId: string, device: string, offset: number) => {
    const parts = [{ S: userId }, { S: device }, { N: String(offset) }].map((part) => JSON.stringify(part))
    await target.running.recording.when(({ calls }) =>
      calls.some(({ operation, request: update }) => {
        const text = JSON.stringify(update)
        return operation === 'UpdateItem' && parts.every((part) => text.includes(part))
      }),
    )
  }

  describe('whoever asks where events are', () => {
    it.each([
      ['GET', 'events/e/receipt'],
      ['GET', 'events/e/why?user=u'],
      ['GET', 'users/u/status'],
      ['DELETE', 'users/u/connections'],
    ])('needs a good token, and one of an administrator: %s %s', async (method, path) => {
      expect((await ask(path, 'garbage', method)).status).toBe(401)
      const { status, json } = await ask(path, publisherToken(target), method)
      expect(status).toBe(403)
      expect(json).toMatchObject({ code: 'forbidden' })
    })

    it('is told an event’s way: to whom, at which offset, by which connection, and how far the app has come', async () => {
      // Of characters that an address must not hold as they are.
      const [trainerId, studentId] = [unique('trainer/1 #?'), unique('student')]
      const trainer = await Client.connect(target, trainerId)
      await trainer.ask({ action: 'resume', device: 'laptop' })
      const event = { type: 'T', id: unique('event/%2F?'), trainerId, studentId }
      const { recipients } = await publish(target, event)
      const { offset } = await trainer.next()
      trainer.send({ action: 'ack', offset })
      await isAcknowledged(trainerId, 'device#laptop', Number(offset))
      const { status, json } = await ask(`${eventPath(event.id)}/receipt?include=event`)
      expect(status).toBe(200)
      expect(json).toMatchObject({
        eventId: event.id,
        state: 'logged',
        event,
        recipients: [
          { userId: trainerId, field: 'trainerId', offset, connections: 1, sent: 1, reason: 'applied' },
          {
            userId: studentId,
            field: 'studentId',
            offset: recipients[1]!.offset,
            connections: 0,
            reason: 'never_seen',
          },
        ],
      })
      const {
        acceptedAt,
        recipients: [first],
      } = json as {
        acceptedAt: number
        recipients: { deliveries: { device: string; outcome: string; at: number }[] }[]
      }
      expect(first!.deliveries).toMatchObject([{ device: 'laptop', outcome: 'sent' }])
      expect(first!.deliveries[0]!.at).toBeGreaterThanOrEqual(acceptedAt)
      expect(await whyOf(event.id, trainerId)).toMatchObject({ reason: 'applied' })
      expect(await whyOf(event.id, studentId)).toMatchObject({ reason: 'never_seen' })
      expect(await whyOf(event.id, 'somebody')).toMatchObject({ reason: 'not_a_recipient' })
    })

    it('is told that there was no such event, and why one was refused, whichever way it came', async () => {
      expect((await ask(`${eventPath(unique('event'))}/receipt`)).status).toBe(404)
      expect(await whyOf(unique('event'), 'ann')).toMatchObject({ reason: 'never_published' })
      const [byHttp, byQueue] = [unique('event'), unique('event')]
      expect((await post(target, { type: 'T', id: byHttp })).status).toBe(422)
      expect(await whyOf(byHttp, 'ann')).toMatchObject({ reason: 'refused' })
      await target.sqs.send(
        new SendMessageCommand({
          QueueUrl: target.queueUrl,
          MessageBody: JSON.stringify({ type: 'T', id: byQueue }),
          MessageGroupId: byQueue,
          MessageDeduplicationId: byQueue,
        }),
      )
      await isPut(`x#${byQueue}`)
      expect(await whyOf(byQueue, 'ann')).toMatchObject({ reason: 'refused' })
    })

    it('is told how somebody stands, who may never have been here', async () => {
      const userId = unique('user')
      const { json: nobody } = await ask(`${userPath(userId)}/status`)
      expect(nobody).toEqual({ userId, head: expect.any(Number) as number, connections: [], devices: [] })
      const client = await Client.connect(target, userId)
      await client.ask({ action: 'resume', after: 0, device: 'phone' })
      client.send({ action: 'ack', offset: 1 })
      client.send({ action: 'report', offset: 1, error: 'TypeError' })
      await isPut(userId, 'device#phone')
      await isPut(userId, 'device-reports#phone')
      const { json } = await ask(`${userPath(userId)}/status`)
      expect(json).toMatchObject({
        connections: [{ device: 'phone', socket: { lastActiveAt: expect.any(Number) as number } }],
        devices: [
          { device: 'phone', acknowledged: { offset: 1 }, reports: [{ offset: 1, error: 'TypeError' }] },
        ],
      })
    })
  })

  describe('a user who is disconnected', () => {
    const poll = async (token: string) => (await ask('events/recent', token)).status
    const connectBy = (token: string) => handshake(target.wsUrl, 'header', token)

    it('is out everywhere, and does not come back with the same token', async () => {
      const userId = unique('user')
      const old = tokenFor(target, userId, { iat: inSeconds(-60) })
      const clients = [await Client.over(connectBy(old)), await Client.over(connectBy(old))]
      expect(await poll(old)).toBe(200)

      const { status, json } = await ask(`${userPath(userId)}/connections`, admin(), 'DELETE')
      const { notBefore, closed } = json as { notBefore: number; closed: number }
      expect([status, closed]).toEqual([200, 2])
      for (const client of clients) {
        expect(await client.rest()).toMatchObject([{ type: 'error', code: 'disconnected' }])
      }
      expect((await refusal(connectBy(old))).status).toBe(401)
      expect(await poll(old)).toBe(401)

      const fresh = tokenFor(target, userId, { iat: Math.ceil(notBefore / 1000) })
      const back = await Client.over(connectBy(fresh))
      expect(await back.ask({ action: 'ping' })).toMatchObject({ type: 'pong' })
      expect(await poll(fresh)).toBe(200)
      expect((await ask(`${userPath(userId)}/status`)).json).toMatchObject({ notBefore })
    })

    it('is one whom nobody has seen, too', async () => {
      const userId = unique('user')
      const { json } = await ask(`${userPath(userId)}/connections`, admin(), 'DELETE')
      expect(json).toMatchObject({ closed: 0 })
      expect(await poll(tokenFor(target, userId))).toBe(401)
    })
  })

  describe('the health of what runs', () => {
    it('counts what waits in the queue behind what is being published', async () => {
      const userId = unique('user')
      const client = await Client.connect(target, userId)
      const send = async () =>
        target.sqs.send(
          new SendMessageCommand({
            QueueUrl: target.queueUrl,
            MessageBody: JSON.stringify({ type: 'T', id: unique('event'), userId }),
            MessageGroupId: userId,
            MessageDeduplicationId: unique('message'),
          }),
        )
      let health: Promise<Answer> | undefined
      const { faults } = target.running
      faults.before = async ({ caller, operation }) => {
        if (caller !== target.idOf('event') || operation !== 'PutItem') return undefined
        faults.before = undefined
        await send()
        health = request(`${target.httpUrl}/health`)
        await health
        return undefined
      }
      await send()
      for (let i = 0; i < 2; i++) expect(await client.next()).toMatchObject({ type: 'event' })
      expect((await health)?.json).toMatchObject({
        status: 'ok',
        parts: { queue: { waiting: 1, inFlight: 1 } },
      })
    })
  })
}
