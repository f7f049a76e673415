import { describe, expect, it } from 'vitest'
import { InvalidMessage, parseMessage } from '../../src/core/client-message.ts'

/** The code and the text that a message is refused with. */
function refusalOf(text: string): { code: string; message: string } {
  try {
    parseMessage(text)
  } catch (error) {
    if (error instanceof InvalidMessage) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('it was not refused')
}

const LONG = 'x'.repeat(128)

describe('a message', () => {
  it.each([
    ['{"action":"resume"}', { action: 'resume' }],
    ['{"action":"resume","after":0}', { action: 'resume', after: 0 }],
    [' {"after":41.0,"device":"phone","action":"resume"} ', { action: 'resume', after: 41, device: 'phone' }],
    ['{"action":"resume","after":9007199254740991}', { action: 'resume', after: Number.MAX_SAFE_INTEGER }],
    [`{"action":"resume","device":"${LONG}"}`, { action: 'resume', device: LONG }],
    ['{"action":"resume","repair":true}', { action: 'resume', repair: true }],
    [
      '{"action":"resume","after":7,"device":"d","repair":false}',
      { action: 'resume', after: 7, device: 'd', repair: false },
    ],
    ['{"action":"ping"}', { action: 'ping' }],
    ['{"action":"ack","offset":1}', { action: 'ack', offset: 1 }],
    ['{"action":"ack","offset":42,"device":"é"}', { action: 'ack', offset: 42, device: 'é' }],
    ['{"action":"report","offset":42,"error":""}', { action: 'report', offset: 42, error: '' }],
    ['{"action":"x","action":"ping"}', { action: 'ping' }],
  ])('may be %s', (text, message) => {
    expect(parseMessage(text)).toEqual(message)
  })

  it('may have any other field, also one that another action knows', () => {
    for (const extra of [
      '"userId":"eve"',
      '"after":"x"',
      '"offset":{}',
      '"device":5',
      '"repair":"x"',
      '"__proto__":{"a":1}',
    ]) {
      expect(parseMessage(`{"action":"ping",${extra}}`)).toEqual({ action: 'ping' })
    }
    expect(parseMessage('{"action":"ack","offset":1,"after":"x","error":5}')).toEqual({
      action: 'ack',
      offset: 1,
    })
  })

  it('has its error text cut', () => {
    const message = parseMessage(JSON.stringify({ action: 'report', offset: 1, error: 'e'.repeat(1001) }))
    expect(message).toEqual({ action: 'report', offset: 1, error: 'e'.repeat(1000) })
  })

  it.each(['', 'ping', '{', "{'action':'ping'}", '{"action":"ping"}}', '\ufeff{}'])(
    'that is no JSON: %j',
    (text) => {
      expect(refusalOf(text)).toEqual({
        code: 'malformed_json',
        message: 'the message is not JSON; send {"action":"resume","after":0}, for example',
      })
    },
  )

  it.each([
    ['null', 'null'],
    ['[{"action":"ping"}]', 'an array'],
    ['"ping"', 'a string of 4 characters'],
    ['5', '5'],
    ['['.repeat(60_000) + ']'.repeat(60_000), 'an array'],
  ])('that is no object', (text, name) => {
    expect(refusalOf(text)).toEqual({
      code: 'malformed_json',
      message: `a message is a JSON object, not ${name}`,
    })
  })

  it.each([
    ['{}', 'undefined'],
    ['{"action":"Ping"}', '"Ping"'],
    ['{"action":"$connect"}', '"$connect"'],
    ['{"action":"constructor","device":5}', '"constructor"'],
    ['{"action":null}', 'null'],
    ['{"action":["ping"]}', 'an array'],
    ['{"__proto__":{"action":"ping"}}', 'undefined'],
    [`{"action":"${'x'.repeat(100)}"}`, `"${'x'.repeat(32)}"`],
  ])('with an unknown action: %s', (text, name) => {
    expect(refusalOf(text)).toEqual({
      code: 'unknown_action',
      message: `the action ${name} does not exist; there are resume, ping, ack and report`,
    })
  })

  const WRONG_OFFSETS = ['-1', '1.5', '"42"', 'null', 'true', '[1]', '{}', '9007199254740992', '1e400']

  it.each(WRONG_OFFSETS)('with %s where an offset is due', (value) => {
    for (const [text, complaint] of [
      [`{"action":"resume","after":${value}}`, 'after must be a whole number from 0, not '],
      [`{"action":"ack","offset":${value}}`, 'offset must be a whole number from 1, not '],
      [`{"action":"report","offset":${value},"error":"x"}`, 'offset must be a whole number from 1, not '],
    ] as const) {
      const { code, message } = refusalOf(text)
      expect([code, message.startsWith(complaint)]).toEqual(['invalid_message', true])
    }
  })

  it.each([
    ['{"action":"ack"}', 'offset must be a whole number from 1, not undefined'],
    ['{"action":"ack","offset":0}', 'offset must be a whole number from 1, not 0'],
    ['{"action":"report","error":"x"}', 'offset must be a whole number from 1, not undefined'],
    ['{"action":"report","offset":1}', 'error must be a string, not undefined'],
    ['{"action":"report","offset":1,"error":{"message":"x"}}', 'error must be a string, not an object'],
    ['{"action":"report","offset":1,"error":null}', 'error must be a string, not null'],
  ])('that lacks something: %s', (text, message) => {
    expect(refusalOf(text)).toEqual({ code: 'invalid_message', message })
  })

  it.each([
    ['"true"', 'a string of 4 characters'],
    ['1', '1'],
    ['null', 'null'],
    ['[]', 'an array'],
  ])('that asks for a repair with %s', (repair, name) => {
    const message = `repair must be true or false, not ${name}`
    expect(refusalOf(`{"action":"resume","repair":${repair}}`)).toEqual({ code: 'invalid_message', message })
  })

  it.each([
    ['""', 'a string of 0 characters'],
    ['5', '5'],
    ['null', 'null'],
    ['{}', 'an object'],
    [`"${LONG}x"`, 'a string of 129 characters'],
    ['"\\ud800"', 'a string of 1 characters'],
  ])('with the device %s', (device, name) => {
    const refusal = {
      code: 'invalid_message',
      message: `device must be a string of 1 to 128 characters, not ${name}`,
    }
    for (const rest of [
      '"action":"resume"',
      '"action":"ack","offset":1',
      '"action":"report","offset":1,"error":""',
    ]) {
      expect(refusalOf(`{${rest},"device":${device}}`)).toEqual(refusal)
    }
  })
})
