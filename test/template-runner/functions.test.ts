import { Duration } from 'aws-cdk-lib'
import { describe, expect, it } from 'vitest'
import { FunctionError } from '../../src/template-runner/functions/function-error.ts'
import { functionOf, run } from './support/fixture.ts'

const failure = async (running: Promise<unknown>): Promise<FunctionError> => {
  const error: unknown = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof FunctionError)) throw new Error(`expected a FunctionError, got ${String(error)}`)
  return error
}

describe('a function', () => {
  it('gets the environment of the template and of Lambda, and nothing of this process', async () => {
    process.env['LEAKED'] = 'yes'
    const running = await run((stack) =>
      functionOf(stack, 'Fn', 'export const handler = async () => ({ ...process.env })', {
        functionName: 'envy',
        environment: { LOG_LEVEL: 'debug' },
        memorySize: 256,
      }),
    )
    const env = (await running.invoke('envy', {})) as Record<string, string>
    delete process.env['LEAKED']
    expect(env).toMatchObject({
      LOG_LEVEL: 'debug',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'envy',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_ENDPOINT_URL_DYNAMODB: running.endpoints.dynamodb,
      AWS_ENDPOINT_URL_SQS: running.endpoints.sqs,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: running.endpoints.secretsManager,
      _HANDLER: 'index.handler',
    })
    expect(env['AWS_ACCESS_KEY_ID']).toMatch(/^Fn/)
    for (const name of ['LEAKED', 'HOME', 'PATH', 'VITEST']) expect(env).not.toHaveProperty(name)
  })

  it('gets its event and context as Lambda gives them', async () => {
    const running = await run((stack) =>
      functionOf(
        stack,
        'Fn',
        `export const handler = async (event, context) => ({ event, context, left: context.getRemainingTimeInMillis() })`,
        { functionName: 'named', memorySize: 192 },
      ),
    )
    const result = (await running.invoke('named', { when: new Date(0), none: undefined })) as Record<
      string,
      unknown
    >
    expect(result['event']).toEqual({ when: '1970-01-01T00:00:00.000Z' })
    expect(result['context']).toMatchObject({
      functionName: 'named',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:named',
      memoryLimitInMB: '192',
    })
    expect(result['left']).toBeGreaterThan(0)
    expect(result['left']).toBeLessThanOrEqual(20_000)
  })

  it('may be a CommonJS module', async () => {
    const running = await run((stack) =>
      functionOf(stack, 'Fn', 'exports.handler = async () => typeof require', {
        file: 'index.cjs',
        functionName: 'cjs',
      }),
    )
    expect(await running.invoke('cjs', {})).toBe('function')
  })

  it('keeps its module for the next event, and says which start was cold', async () => {
    const running = await run((stack) =>
      functionOf(stack, 'Fn', 'let n = 0; export const handler = async () => ++n', {
        functionName: 'warm',
        memorySize: 256,
      }),
    )
    expect([await running.invoke('warm', {}), await running.invoke('warm', {})]).toEqual([1, 2])
    expect(running.recording.invocations).toMatchObject([
      { cold: true, outcome: 'returned', trigger: 'async', memoryMb: 256 },
      { cold: false, outcome: 'returned' },
    ])
  })

  it('that throws gives the error as Lambda shapes it', async () => {
    const source = `class Odd extends Error { name = 'OddError' }; export const handler = async () => { throw new Odd('no way') }`
    const running = await run((stack) => functionOf(stack, 'Fn', source, { functionName: 'odd' }))
    const error = await failure(running.invoke('odd', {}))
    expect(error.payload).toMatchObject({ errorType: 'OddError', errorMessage: 'no way' })
    expect(error.payload.trace?.join('\n')).toContain('index.mjs')
    expect(running.recording.invocations).toMatchObject([{ outcome: 'threw' }])
  })

  it('that takes too long is ended, and the next event finds a new one', async () => {
    const source = `let n = 0; export const handler = async (event) => { n += 1; if (event.hang) for (;;); return n }`
    const running = await run((stack) =>
      functionOf(stack, 'Fn', source, { functionName: 'slow', timeout: Duration.seconds(1) }),
    )
    const error = await failure(running.invoke('slow', { hang: true }))
    expect(error.payload).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/Task timed out after 1\.00 seconds$/) as string,
    })
    expect(await running.invoke('slow', {})).toBe(1)
    expect(running.recording.invocations).toMatchObject([
      { outcome: 'timedOut' },
      { outcome: 'returned', cold: true },
    ])
  })

  it('that takes too much memory is ended', async () => {
    const source = `const kept = []; export const handler = async () => { for (;;) kept.push(new Array(1e5).fill({})) }`
    const running = await run((stack) =>
      functionOf(stack, 'Fn', source, { functionName: 'big', memorySize: 128 }),
    )
    const error = await failure(running.invoke('big', {}))
    expect(error.payload.errorType).toBe('Runtime.OutOfMemory')
    expect(error.outcome).toBe('crashed')
  })

  it.each([
    ['exits', 'process.exit(3)', 'Runtime.ExitError'],
    [
      'throws outside of its handler',
      `setImmediate(() => { throw new RangeError('late') }); await new Promise(() => {})`,
      'RangeError',
    ],
    [
      'rejects what nobody awaits',
      `void Promise.reject(new TypeError('lost')); await new Promise(() => {})`,
      'TypeError',
    ],
    ['waits for nothing', 'await new Promise(() => {})', 'Runtime.ExitError'],
  ])('that %s is reported, not waited for', async (_what, body, errorType) => {
    const running = await run((stack) =>
      functionOf(stack, 'Fn', `export const handler = async () => { ${body} }`, { functionName: 'crash' }),
    )
    const error = await failure(running.invoke('crash', {}))
    expect([error.outcome, error.payload.errorType]).toEqual(['crashed', errorType])
    expect(running.recording.invocations).toMatchObject([{ outcome: 'crashed' }])
  })

  it.each([
    ['cannot be imported', `import 'nowhere'`, 'Error'],
    ['exports no handler', 'export const other = 1', 'Runtime.HandlerNotFound'],
    [
      'takes a callback',
      'export const handler = (event, context, done) => done()',
      'Runtime.CallbackHandlerDeprecated',
    ],
    ['throws while it is imported', `throw new SyntaxError('at start')`, 'SyntaxError'],
  ])('that %s fails each invocation', async (_what, source, errorType) => {
    const running = await run((stack) => functionOf(stack, 'Fn', source, { functionName: 'broken' }))
    for (let time = 0; time < 2; time += 1) {
      expect((await failure(running.invoke('broken', {}))).payload.errorType).toBe(errorType)
    }
  })

  it('is frozen once it has answered: what it did not await goes on with the next event', async () => {
    const source = `
      let late = 'not yet'
      export const handler = async (event) => {
        if (event.wait) await new Promise((resolve) => setTimeout(resolve, 20))
        else setTimeout(() => { late = 'done' }, 1)
        return late
      }`
    const running = await run((stack) => functionOf(stack, 'Fn', source, { functionName: 'frozen' }))
    const waitHere = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))
    expect(await running.invoke('frozen', {})).toBe('not yet')
    await waitHere()
    expect(await running.invoke('frozen', {})).toBe('not yet')
    expect(await running.invoke('frozen', { wait: true })).toBe('done')
  })

  it('runs one event at a time in each instance', async () => {
    const source = `
      let running = 0, most = 0
      export const handler = async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 5))
        running -= 1
        return most
      }`
    const running = await run((stack) => functionOf(stack, 'Fn', source, { functionName: 'one' }), {
      maxInstances: 2,
    })
    const results = await Promise.all(Array.from({ length: 10 }, async () => running.invoke('one', {})))
    expect(new Set(results)).toEqual(new Set([1]))
    expect(running.recording.invocations.filter(({ cold }) => cold)).toHaveLength(2)
  })

  it('with reserved concurrency refuses what exceeds it', async () => {
    const source = `export const handler = async (event) => new Promise((resolve) => setTimeout(resolve, 100, event.n))`
    const running = await run((stack) =>
      functionOf(stack, 'Fn', source, { functionName: 'reserved', reservedConcurrentExecutions: 1 }),
    )
    const first = running.invoke('reserved', { n: 1 })
    await expect(running.invoke('reserved', { n: 2 })).rejects.toThrow(/Rate Exceeded: all 1 reserved/)
    expect(await first).toBe(1)
    expect(await running.invoke('reserved', { n: 3 })).toBe(3)
  })

  it('writes to the log that the runner shows, the last line before its end included', async () => {
    const source = `
      import { write, writeSync } from 'node:fs'
      export const handler = async () => {
        console.log('token-1')
        process.stdout.write('token-')
        process.stdout.write('2\\n')
        console.error('token-3')
        writeSync(1, 'token-4\\n')
        await new Promise((resolve) => write(2, Buffer.from('token-5\\n'), resolve))
        console.log('token-6')
      }`
    const running = await run((stack) => functionOf(stack, 'Fn', source, { functionName: 'writer' }))
    await running.invoke('writer', {})
    expect(running.logs.text).toBe([1, 2, 3, 4, 5, 6].map((n) => `writer: token-${n}\n`).join(''))
    expect(running.logs.lines.find(({ text }) => text === 'token-3')?.stream).toBe('stderr')
  })

  it('whose result is no JSON fails, as one with more than 6 MB', async () => {
    const source = `export const handler = async (event) => event.big ? 'x'.repeat(6_291_600) : { n: 1n }`
    const running = await run((stack) => functionOf(stack, 'Fn', source, { functionName: 'results' }))
    expect((await failure(running.invoke('results', {}))).payload.errorType).toBe('Runtime.MarshalError')
    const error = await failure(running.invoke('results', { big: true }))
    expect(error.payload.errorType).toBe('Function.ResponseSizeTooLarge')
  })

  it('does not run for an event that is larger than Lambda takes', async () => {
    const running = await run((stack) =>
      functionOf(stack, 'Fn', 'export const handler = async (event) => event.length', { functionName: 'fn' }),
    )
    // As JSON, two quotation marks more.
    const ofBytes = (bytes: number): string => 'x'.repeat(bytes - 2)
    const [queued, synchronous] = [1_048_576, 6_291_456]
    expect(await running.invoke('fn', ofBytes(queued))).toBe(queued - 2)
    expect(await running.invoke('fn', ofBytes(synchronous), 'http')).toBe(synchronous - 2)
    running.recording.reset()
    await expect(running.invoke('fn', ofBytes(queued + 1))).rejects.toMatchObject({
      name: 'RequestEntityTooLargeException',
      message: '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
    })
    await expect(running.invoke('fn', 'ä'.repeat(synchronous / 2), 'http')).rejects.toMatchObject({
      name: 'RequestEntityTooLargeException',
      message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
    })
    expect(running.recording.invocations).toEqual([])
  })
})
