/** What goes wrong between the server and the screen. */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Client, handshake } from '../e2e/client.ts'
import { deployment } from '../e2e/deployment.ts'
import { publish } from '../e2e/http.ts'
import { inSeconds, tokenFor, unique } from '../e2e/tokens.ts'
import { memory, openApp, whyOnce } from './app.ts'
import { gone, why } from './ask.ts'
import { nameOf } from './ways.ts'

describe('a device', () => {
  const target = deployment()
  const published = async (userId: string, more: object = {}): Promise<string> => {
    const id = unique('event')
    await publish(target, { type: 'SESSION_COMPLETED', id, studentId: userId, ...more })
    return id
  }

  it('that has shown it: the way that is none', async () => {
    const student = unique('student')
    const app = await openApp(target, student, 'phone')
    const id = await published(student)
    expect(await app.handled()).toMatchObject({ id })
    const { reason, devices } = await whyOnce('applied', target, student, id)
    expect([reason, devices.map(({ device }) => device)]).toEqual(['applied', ['phone']])
  })

  it('phone asleep: it was there before, and is not now', async () => {
    const student = unique('student')
    const storage = memory()
    const app = await openApp(target, student, 'phone', { storage })
    const first = await published(student)
    await app.handled()
    expect((await whyOnce('applied', target, student, first)).reason).toBe('applied')
    app.close()
    await gone(target, student)
    const id = await published(student)
    const { reason, evidence } = await whyOnce(nameOf('phone asleep'), target, student, id)
    expect(reason).toBe(nameOf('phone asleep'))
    expect(evidence.join()).toMatch(/phone: not connected; it last told anything about 20/)
    // It wakes up, and the answer changes.
    const again = await openApp(target, student, 'phone', { storage })
    expect(await again.handled()).toMatchObject({ id })
    expect((await whyOnce('applied', target, student, id)).reason).toBe('applied')
  })

  it('opened after the event says nothing of it, though it acknowledges what comes', async () => {
    const student = unique('student')
    const phone = await openApp(target, student, 'phone')
    phone.close()
    await gone(target, student)
    const id = await published(student)
    // A reload without a storage: the app is told to fetch its state, and goes on from now.
    const browser = await openApp(target, student, 'browser')
    const later = await published(student)
    await browser.handled()
    expect((await whyOnce('applied', target, student, later)).reason).toBe('applied')
    expect((await why(target, student, id)).reason).toBe('no_device_connected')
    expect((await why(target, student, id, 'browser')).reason).toBe('started_later')
  })

  it('handler throws: the message of the error is told', async () => {
    const student = unique('student')
    const handler = () => {
      throw new TypeError('session is undefined')
    }
    const app = await openApp(target, student, 'phone', { handler })
    const id = await published(student)
    await app.handled()
    const { reason, evidence } = await whyOnce(nameOf('handler throws'), target, student, id)
    expect(reason).toBe(nameOf('handler throws'))
    expect(evidence.join()).toContain('TypeError: session is undefined')
    // Its progress goes on; that it has acknowledged what came later hides nothing.
    await published(student)
    await app.handled()
    expect((await why(target, student, id)).reason).toBe(nameOf('handler throws'))
  })

  it('token expired: its connection is open, and its token has ended', async () => {
    const student = unique('student')
    // Within the leeway for clocks that differ, so the handshake takes it.
    const token = tokenFor(target, student, { exp: inSeconds(-1) })
    const client = await Client.over(handshake(target.wsUrl, 'header', token))
    const id = await published(student)
    expect(await client.rest()).toEqual([expect.objectContaining({ type: 'error', code: 'expired' })])
    const { reason, evidence } = await why(target, student, id)
    expect(reason).toBe(nameOf('token expired'))
    expect(evidence.join()).toContain('its token had ended')
  })

  it('throttled: it reads nothing, and its buffer is full', async () => {
    const student = unique('student')
    const socket = handshake(target.wsUrl, 'header', tokenFor(target, student))
    await once(socket, 'open')
    const client = new Client(socket)
    socket.pause()
    let id = ''
    for (let outcome = 'sent'; outcome === 'sent';) {
      id = unique('event')
      const { recipients } = await publish(target, {
        type: 'T',
        id,
        studentId: student,
        notes: 'x'.repeat(100_000),
      })
      outcome = recipients[0]!.sent === 1 ? 'sent' : 'kept back'
    }
    expect((await why(target, student, id)).reason).toBe(nameOf('throttled'))
    client.socket.terminate()
  })
})
