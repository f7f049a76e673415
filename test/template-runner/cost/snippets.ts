import type { AwsCall } from '../../../src/template-runner/aws-call.ts'
import type { Metered } from '../../../src/template-runner/cost/meter.ts'
import type { Counters, Invocation } from '../../../src/template-runner/invocation.ts'

const KB = 1024

/** An item of exactly so many kilobytes, its attribute's name included. */
export const itemOf = (kilobytes: number) => ({ pk: { S: 'x'.repeat(Math.round(kilobytes * KB) - 2) } })

export function call(
  operation: string,
  request: unknown,
  response: unknown = {},
  more: Partial<AwsCall> = {},
): AwsCall {
  return {
    ...{ at: 1000, caller: 'Handler', service: 'dynamodb', operation, status: 200, request, response },
    ...{ resources: ['arn:aws:dynamodb:us-east-1:123456789012:table/Log'], durationMs: 1 },
    ...more,
  }
}

export const sqs = (
  operation: string,
  request: unknown,
  response: unknown = {},
  more: Partial<AwsCall> = {},
) => call(operation, request, response, { service: 'sqs', caller: 'runner', ...more })

export const post = (bytes: number, more: Partial<AwsCall> = {}) =>
  call('PostToConnection', { bytes }, '', { service: 'execute-api', ...more })

export function invocation(more: Partial<Invocation> = {}): Invocation {
  return {
    ...{ at: 1000, function: 'Handler', memoryMb: 512, durationMs: 10, cold: false },
    ...{ trigger: 'queue', outcome: 'returned' },
    ...more,
  }
}

const NOTHING: Counters = { messagesIn: {}, messagesOut: {}, connectionMinutes: 0, queueRequests: {} }

export function recording(
  calls: readonly AwsCall[],
  invocations: readonly Invocation[] = [invocation()],
  counters: Partial<Counters> = {},
): Metered {
  return { calls, invocations, counters: { ...NOTHING, ...counters } }
}
