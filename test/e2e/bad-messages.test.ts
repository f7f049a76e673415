import { afterEach, describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import { deployment } from './deployment.ts'
import { publish, request } from './http.ts'
import { unique } from './tokens.ts'

const target = deployment()

/** Whatever came, the server lives. */
afterEach(async () => {
  const userId = unique('user')
  const socket = await Client.connect(target, userId)
  await publish(target, { type: 'T', id: unique('event'), userId })
  expect(await socket.arrived()).toHaveLength(1)
})

describe('a message that cannot be taken', () => {
  it.each([
    ['malformed_json', '{', 'not JSON'],
    ['malformed_json', '', 'not JSON'],
    ['malformed_json', 'hello', 'not JSON'],
    ['malformed_json', '[]', 'an array'],
    ['malformed_json', 'null', 'null'],
    ['malformed_json', '"ping"', 'a string of 4 characters'],
    ['malformed_json', '7', '7'],
    ['unknown_action', '{}', 'undefined'],
    ['unknown_action', '{"action":"subscribe"}', '"subscribe"'],
    ['unknown_action', '{"action":""}', '""'],
    ['unknown_action', '{"action":7}', '7'],
    ['unknown_action', '{"action":null}', 'null'],
    ['unknown_action', '{"action":["ping"]}', 'an array'],
    ['unknown_action', '{"action":"PING"}', '"PING"'],
    ['unknown_action', '{"action":"__proto__"}', '"__proto__"'],
    ['unknown_action', '{"action":"constructor"}', '"constructor"'],
    ['unknown_action', '{"action":"$connect"}', '"$connect"'],
    ['unknown_action', '{"action":"$disconnect"}', '"$disconnect"'],
    ['unknown_action', '{"action":"$default"}', '"$default"'],
    ['unknown_action', '{"__proto__":{"action":"ping"}}', 'undefined'],
    ['invalid_message', '{"action":"resume","after":"1"}', 'after'],
    ['invalid_message', '{"action":"resume","after":-1}', 'after'],
    ['invalid_message', '{"action":"resume","after":1.5}', 'after'],
    ['invalid_message', '{"action":"resume","after":null}', 'after'],
    ['invalid_message', '{"action":"resume","after":9007199254740992}', 'after'],
    ['invalid_message', '{"action":"resume","after":1e400}', 'after'],
    ['invalid_message', '{"action":"resume","device":""}', 'device'],
    ['invalid_message', '{"action":"resume","device":7}', 'device'],
    ['invalid_message', `{"action":"resume","device":"${'x'.repeat(129)}"}`, 'device'],
    ['invalid_message', '{"action":"ack"}', 'offset'],
    ['invalid_message', '{"action":"ack","offset":"1"}', 'offset'],
    ['invalid_message', '{"action":"ack","offset":0}', 'offset'],
    ['invalid_message', '{"action":"ack","offset":1,"device":null}', 'device'],
    ['invalid_message', '{"action":"report","error":"x"}', 'offset'],
    ['invalid_message', '{"action":"report","offset":1}', 'error'],
    ['invalid_message', '{"action":"report","offset":1,"error":{}}', 'error'],
  ])('%s: %s', async (code, message, named) => {
    const socket = await Client.connect(target, unique('user'))
    const answer = await socket.ask(message)
    expect(answer).toEqual({ type: 'error', code, message: expect.stringContaining(named) as string })
    expect(await socket.arrived()).toEqual([])
  })
})

describe('fields that are not listed', () => {
  it.each([
    '{"action":"ping","n":1,"__proto__":{"x":1}}',
    '{"action":"ping","action":"ping"}',
    ' {"action" : "ping"} ',
    '{"\\u0061ction":"ping"}',
    `{"action":"ping","text":"${'x'.repeat(30_000)}"}`,
  ])('%.60s is answered all the same', async (message) => {
    const socket = await Client.connect(target, unique('user'))
    expect(await socket.ask(message)).toMatchObject({ type: 'pong' })
  })
})

describe('what no message is', () => {
  it('a binary frame closes with 1003', async () => {
    const socket = await Client.connect(target, unique('user'))
    socket.socket.send(Buffer.from('{"action":"ping"}'))
    expect(await socket.closed).toMatchObject({ code: 1003 })
    expect(await socket.rest()).toEqual([])
  })

  it.each([
    ['a frame of 200 KB', 200_000],
    ['a frame one byte over 32 KiB', 32 * 1024 + 1],
  ])('%s closes with 1009', async (_, size) => {
    const socket = await Client.connect(target, unique('user'))
    socket.send('x'.repeat(size))
    expect(await socket.closed).toMatchObject({ code: 1009 })
  })

  it('a message of 5 frames of 32 KiB closes with 1009', async () => {
    const socket = await Client.connect(target, unique('user'))
    for (let n = 1; n <= 5; n++) socket.socket.send('x'.repeat(32 * 1024), { fin: n === 5 })
    expect(await socket.closed).toMatchObject({ code: 1009 })
  })

  it('a message of 128 KiB in 4 frames is taken', async () => {
    const socket = await Client.connect(target, unique('user'))
    const message = '{"action":"ping"}'.padEnd(128 * 1024)
    for (let n = 0; n < 4; n++) {
      socket.socket.send(message.slice(n * 32 * 1024, (n + 1) * 32 * 1024), { fin: n === 3 })
    }
    expect(await socket.next()).toMatchObject({ type: 'pong' })
  })

  it('WebSocket’s own ping is answered, and changes nothing', async () => {
    const socket = await Client.connect(target, unique('user'))
    const pong = new Promise<string>((resolve) => {
      socket.socket.once('pong', (data) => {
        resolve(data.toString())
      })
    })
    socket.socket.ping('hello')
    expect(await pong).toBe('hello')
    expect(await socket.arrived()).toEqual([])
  })

  it('a plain request is told to upgrade', async () => {
    const { status, headers, json } = await request(target.wsUrl.replace(/^ws/, 'http'))
    expect({ status, json }).toEqual({ status: 426, json: { message: 'Upgrade Required' } })
    expect(headers.get('upgrade')).toBe('websocket')
  })
})

// Once, at the end: every deployment takes some ten of these a second, and a fast machine has more tests in it.
it('the server is well after all of that', async () => {
  expect((await request(`${target.httpUrl}/health`)).status).toBe(200)
})
