import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import { deployment } from './deployment.ts'
import { type Page, post, publish, type Published, recent, recentAnswer } from './http.ts'
import { unique } from './tokens.ts'

const target = deployment()

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const namesOf = ({ recipients }: Published): string[] => recipients.map(({ userId }) => userId)

describe('the id', () => {
  it('is the SHA-256 of the canonical JSON where none is given', async () => {
    const userId = unique('user')
    const { id } = await publish(target, `{ "userId":"${userId}", "type":"T", "timestamp":1.0 }`)
    expect(id).toBe(sha256(`{"timestamp":1,"type":"T","userId":"${userId}"}`))
  })

  it('is the given one, of 128 characters too', async () => {
    const id = unique('event').padEnd(128, 'é')
    expect((await publish(target, { type: 'T', id, userId: unique('user') })).id).toBe(id)
  })

  it('tells apart what differs in one hidden character', async () => {
    const userId = unique('user')
    const events = ['"\\ud800"', '"\\ud801"', '"a"', '"a\\u200b"', '{"__proto__":1}', '{"__proto__":2}', '{}']
    for (const x of events) await publish(target, `{"type":"T","timestamp":1,"userId":"${userId}","x":${x}}`)
    const { events: logged } = await recent(target, userId)
    expect(new Set(logged.map(({ event }) => event['id'])).size).toBe(events.length)
  })
})

describe('the recipients', () => {
  it('are those of all fields, each once', async () => {
    const [a, b, c, d, e, f] = ['a', 'b', 'c', 'd', 'e', 'f'].map(unique)
    const event = {
      trainerId: a,
      studentId: b,
      trainerIds: [c, a],
      studentIds: [d],
      recipientIds: [e, b, null, ''],
    }
    const published = await publish(target, { type: 'T', id: unique('event'), ...event, userId: f })
    expect(namesOf(published)).toEqual([a, b, c, d, e])
  })

  it('may be numbers, which are their decimal strings', async () => {
    const event = {
      type: 'T',
      id: unique('event'),
      trainerId: 0,
      studentId: 9007199254740991,
      recipientIds: [7, '7'],
    }
    expect(namesOf(await publish(target, event))).toEqual(['0', '9007199254740991', '7'])
  })

  it('are userId where no other field names anybody', async () => {
    const userId = unique('user')
    const event = { type: 'T', id: unique('event'), userId, trainerId: null, studentId: '', recipientIds: [] }
    expect(namesOf(await publish(target, event))).toEqual([userId])
  })

  it('may have any name', async () => {
    const names = ['__proto__', 'constructor', 'a/b', 'ü 💥', '../..', "'; DROP TABLE", 'a\u0000b'].map(
      unique,
    )
    for (const [i, name] of ['__proto__', 'toString'].entries()) names[i] = name
    const published = await publish(target, { type: 'T', id: unique('event'), recipientIds: names })
    expect(namesOf(published)).toEqual(names)
    expect((await recent(target, names[0]!)).events.at(-1)?.event['id']).toBe(published.id)
    expect((await recent(target, names[4]!)).events).toHaveLength(1)
  })
})

describe('the text', () => {
  /** What is inside `event` of the only entry of a page, as it was sent. */
  const eventText = (page: string) => /"event":(.*)\}\],"head"/s.exec(page)?.[1]

  it.each([
    [
      'number formats',
      '{"type":"T","id":"ID","userId":"USER","a":1.0,"b":1e2,"c":-0,"d":0.1000000000000000055}',
    ],
    [
      'numbers that JavaScript cannot hold',
      '{"type":"T","id":"ID","userId":"USER","n":12345678901234567890}',
    ],
    ['white space', '{ "type" : "T",\n\t"id":"ID",\r\n "userId":"USER" }'],
    ['escapes', '{"type":"\\u0054","id":"ID","userId":"USER","x":"\\/\\ud83d\\ude00\\ud800"}'],
    ['odd keys', '{"type":"T","id":"ID","userId":"USER","__proto__":{"trainerId":"x"},"constructor":1,"":2}'],
    ['timestamps', '{"type":"T","id":"ID","userId":"USER","timestamp":"2026-11-24T10:00:00.123+01:00"}'],
    ['text that needs more than one byte', '{"type":"T","id":"ID","userId":"USER","x":"ü€💥\u2028"}'],
  ])('comes as it was sent: %s', async (_, template) => {
    const userId = unique('user')
    const text = template.replace('USER', userId).replace('ID', unique('event'))
    const socket = await Client.connect(target, userId)
    const { recipients } = await publish(target, `\n ${text} \n`)
    const { offset } = recipients[0]!
    expect(await socket.nextText()).toBe(`{"type":"event","offset":${offset},"event":${text}}`)
    expect(eventText((await recentAnswer(target, userId)).text)).toBe(text)
    socket.send({ action: 'resume', after: 0 })
    expect(eventText(await socket.nextText())).toBe(text)
  })

  it('has an id that was missing added last', async () => {
    const userId = unique('user')
    const { id } = await publish(target, `{ "type":"T", "timestamp":1, "userId":"${userId}" }`)
    const { text } = await recentAnswer(target, userId)
    expect(eventText(text)).toBe(`{ "type":"T", "timestamp":1, "userId":"${userId}" ,"id":"${id}"}`)
  })

  it('of a repeated key has the last', async () => {
    const [first, last] = [unique('first'), unique('last')]
    const text = `{"type":"T","id":"${unique('event')}","userId":"${first}","userId":"${last}","n":{"a":1,"\\u0061":2}}`
    expect(namesOf(await publish(target, text))).toEqual([last])
    expect((await recent(target, first)).events).toEqual([])
    const answer = await recentAnswer(target, last)
    expect(answer.text).not.toContain(first)
    expect((answer.json as Page).events[0]!.event['n']).toEqual({ a: 2 })
  })
})

describe('a batch', () => {
  it('is answered in its order, each event by itself', async () => {
    const userId = unique('user')
    const id = unique('event')
    const socket = await Client.connect(target, userId)
    const answer = await post(target, [
      { type: 'T', id, userId, n: 1 },
      { type: 'T', id: unique('event') },
      7,
      { type: 'T', id: unique('event'), userId, text: 'x'.repeat(121 * 1024) },
      { type: 'T', id, userId, n: 1 },
      { type: 'T', id, userId, n: 2 },
      { type: 'T', id: unique('event'), userId, n: 3 },
    ])
    expect(answer.status).toBe(200)
    const items = answer.json as (Published & { error?: { code: string } })[]
    const base = items[0]!.recipients[0]!.offset
    const delivered = (offset: number) => [{ userId, offset, connections: 1, sent: 1 }]
    expect(items).toMatchObject([
      { id, duplicate: false, recipients: delivered(base) },
      { error: { code: 'no_recipients', status: 422 } },
      { error: { code: 'invalid_event', status: 422, path: '' } },
      { error: { code: 'event_too_large', status: 413 } },
      { id, duplicate: true, recipients: delivered(base) },
      { error: { code: 'id_conflict', status: 409 } },
      { duplicate: false, recipients: delivered(base + 1) },
    ])
    expect(Object.keys(items[1]!)).toEqual(['error'])
    expect((await socket.arrived()).map((frame) => frame['offset'])).toEqual([base, base + 1])
  })

  it('of 100 events is logged in its order, and one of one event is answered with an array', async () => {
    const userId = unique('user')
    const batch = Array.from({ length: 100 }, (_, n) => ({ type: 'T', id: unique('event'), userId, n }))
    expect((await post(target, batch)).status).toBe(200)
    const { events } = await recent(target, userId)
    expect(events.map(({ event }) => event['n'])).toEqual(batch.map(({ n }) => n))
    const [one] = batch
    const answers = (await post(target, [one])).json as Published[]
    expect(answers).toMatchObject([{ id: one!.id, duplicate: true }])
  })
})

describe('a CloudEvent', () => {
  it('is named by source and id, and finds its people in data', async () => {
    const [trainerId, studentId, userId] = [unique('trainer'), unique('student'), unique('user')]
    const id = unique('event')
    const event = {
      specversion: '1.0',
      type: 'com.example.T',
      source: '/sessions',
      id,
      userId,
      data: { trainerId, studentId },
    }
    const socket = await Client.connect(target, trainerId)
    const published = await publish(target, event)
    expect(published.id).toBe(sha256(`["/sessions","${id}"]`))
    expect(namesOf(published)).toEqual([trainerId, studentId])
    expect(await socket.next()).toMatchObject({ type: 'event', event })
    expect((await recent(target, studentId)).events[0]!.event).toEqual(event)
    expect(await publish(target, event)).toMatchObject({ duplicate: true })
    const elsewhere = await publish(target, { ...event, source: '/others' })
    expect(elsewhere).toMatchObject({ duplicate: false })
    const changed = await post(target, { ...event, data: { trainerId } })
    expect(changed.json).toMatchObject({ status: 409, code: 'id_conflict' })
  })
})

describe('an event of exactly 120 KiB', () => {
  it.each([
    ['with its own id', `,"id":"${unique('event')}"`],
    ['with an id that is added', ''],
  ])('%s is pushed, resumed and polled, one to a page of a socket', async (_, idField) => {
    const userId = unique('user')
    const start = `{"type":"BIG","timestamp":1,"userId":"${userId}"${idField},"text":"`
    const added = idField === '' ? ',"id":""'.length + 64 : 0
    const length = 120 * 1024 - added - start.length - 2
    const socket = await Client.connect(target, userId)
    const { id, recipients } = await publish(target, `${start}${'x'.repeat(length)}"}`)
    const { offset } = recipients[0]!
    await publish(target, { type: 'SMALL', id: unique('event'), userId, text: 'y'.repeat(4096) })

    const pushed = await socket.nextText()
    const prefix = `{"type":"event","offset":${offset},"event":`
    expect(pushed.slice(0, prefix.length)).toBe(prefix)
    expect(pushed.length).toBe(prefix.length + 120 * 1024 + 1)
    expect(await socket.next()).toMatchObject({ event: { type: 'SMALL' } })
    const page = await socket.ask<Page>({ action: 'resume', after: 0 })
    expect(page.events.map(({ event }) => event['id'])).toEqual([id])
    expect(page.more).toBe(true)
    const { events } = await recent(target, userId)
    expect(events[0]!.event).toEqual((JSON.parse(pushed) as { event: unknown }).event)
    expect(events).toHaveLength(2)
  })
})
