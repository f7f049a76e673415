import { describe, expect, it } from 'vitest'
import type { LogLevel } from '../../src/aws/environment.ts'
import { createLogger } from '../../src/aws/logger.ts'
import { sdkError } from './calls.ts'

function setUp(level: LogLevel = 'debug') {
  const lines: string[] = []
  const logger = createLogger({ level, write: (line) => lines.push(line) })
  const last = () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>
  return { logger, lines, last }
}

describe('the log', () => {
  it('is one JSON object a line: level, time, message, and the fields', () => {
    const { logger, lines } = setUp()
    logger.warn({ userId: 'ann\n', count: 2 }, 'what\nhappened')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^[^\n]*\n$/)
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      msg: 'what\nhappened',
      userId: 'ann\n',
      count: 2,
    })
  })

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at %s has its level and what is worse', (level, expected) => {
    const { logger, lines } = setUp(level)
    for (const own of ['debug', 'info', 'warn', 'error'] as const) logger[own]({}, 'x')
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected)
  })

  it('has errors with their stack and their causes', () => {
    const { logger, last } = setUp()
    const cause = Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
    logger.error({ err: new TypeError('no answer', { cause }) }, 'failed')
    expect(last()['err']).toMatchObject({
      type: 'TypeError',
      message: 'no answer',
      stack: expect.stringContaining('logger.test.ts') as string,
      cause: { type: 'Error', message: 'connection reset', code: 'ECONNRESET' },
    })
  })

  it('has what identifies an error of AWS, and not the requests that hang on it', () => {
    const { logger, last, lines } = setUp()
    const error = Object.assign(sdkError(400, 'ThrottlingException'), {
      $response: { headers: 'confidential' },
    })
    logger.error({ err: error }, 'failed')
    expect(last()['err']).toMatchObject({ type: 'ThrottlingException', status: 400 })
    expect(lines.join('')).not.toContain('confidential')
  })

  it('never fails, whatever it is given', () => {
    const { logger, last } = setUp()
    const circle: { self?: object } = {}
    circle.self = circle
    logger.info({ circle, big: 1n }, 'odd')
    expect(last()).toMatchObject({ level: 'info', msg: 'odd', unloggable: expect.any(String) as string })
    const error = new Error('turns on itself')
    error.cause = error
    logger.info({ err: error }, 'odd')
    expect(last()).toMatchObject({ err: { message: 'turns on itself' } })
  })
})
