import { describe, expect, it } from 'vitest'
import { Client, handshake, refusal, WAYS } from './client.ts'
import { deployment } from './deployment.ts'
import { publish, recent } from './http.ts'
import { hs256, tokenFor, unique } from './tokens.ts'

const target = deployment()

/** A token whose end the server's leeway still lets through the handshake: it opens a socket that is over already. */
const ended = (userId: string) => hs256(target.secret, { sub: userId, exp: Date.now() / 1000 - 0.001 })

const EXPIRED = { type: 'error', code: 'expired', message: 'the token has expired' }

describe('the 21st connection of a user', () => {
  it('evicts the oldest, which is told so and closed with 1000', async () => {
    const userId = unique('user')
    const clients: Client[] = []
    for (let n = 0; n < 20; n++) clients.push(await Client.connect(target, userId))
    for (const client of clients) expect(await client.arrived()).toEqual([])

    const newest = await Client.connect(target, userId)
    const [oldest, ...others] = clients

    expect(await oldest!.closed).toMatchObject({ code: 1000 })
    expect(await oldest!.rest()).toEqual([
      {
        type: 'error',
        code: 'evicted',
        message: 'the user opened more connections than allowed, and this was the oldest',
      },
    ])
    const { recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(recipients).toMatchObject([{ connections: 20, sent: 20 }])
    for (const client of [...others, newest]) expect(await client.arrived()).toHaveLength(1)
  })

  it('evicts nobody of another user', async () => {
    const other = await Client.connect(target, unique('other'))
    const userId = unique('user')
    for (let n = 0; n < 21; n++) await Client.connect(target, userId)
    expect(await other.arrived()).toEqual([])
  })
})

describe('a token that has ended', () => {
  it.each(['{"action":"ping"}', '{"action":"resume","after":0}', '{"action":"ack","offset":1}', 'garbage'])(
    'answers %s with `expired` and 1000, and nothing else',
    async (message) => {
      const userId = unique('user')
      await publish(target, { type: 'T', id: unique('event'), userId })
      const client = await Client.over(handshake(target.wsUrl, 'header', ended(userId)))
      client.send(message)
      expect(await client.closed).toMatchObject({ code: 1000 })
      expect(await client.rest()).toEqual([EXPIRED])
    },
  )

  it('gets `expired` and 1000 instead of an event, which is in the log', async () => {
    const userId = unique('user')
    const client = await Client.over(handshake(target.wsUrl, 'header', ended(userId)))
    const { id, recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(recipients).toMatchObject([{ connections: 1, sent: 0 }])
    expect(await client.closed).toMatchObject({ code: 1000 })
    expect(await client.rest()).toEqual([EXPIRED])
    expect((await recent(target, userId)).events).toMatchObject([{ event: { id } }])
    const next = await publish(target, { type: 'T', id: unique('event'), userId })
    expect(next.recipients).toMatchObject([{ connections: 0, sent: 0 }])
  })

  it('ends while connected: what came before came, and then `expired`', async () => {
    const userId = unique('user')
    const exp = Math.ceil(Date.now() / 1000) + 1
    const client = await Client.over(handshake(target.wsUrl, 'header', tokenFor(target, userId, { exp })))
    const other = await Client.connect(target, userId)
    const sent: number[] = []
    while (client.socket.readyState === client.socket.OPEN) {
      const { recipients } = await publish(target, { type: 'T', id: unique('event'), userId })
      const [{ offset, sent: count } = { offset: 0, sent: 0 }] = recipients
      if (count === 2) sent.push(offset)
    }
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000)
    const frames = await client.rest()
    expect(frames.at(-1)).toEqual(EXPIRED)
    expect(frames.slice(0, -1).map(({ offset }) => offset)).toEqual(sent)
    expect((await other.arrived()).length).toBeGreaterThanOrEqual(sent.length)
  })

  it.each(WAYS)('is refused once the leeway is over, by %s', async (way) => {
    const token = tokenFor(target, unique('user'), { exp: Date.now() / 1000 - 6 })
    expect(await refusal(handshake(target.wsUrl, way, token))).toMatchObject({ status: 401 })
  })
})
