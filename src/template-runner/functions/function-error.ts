/** As Lambda describes what went wrong in a function: its payload where `FunctionError` is set. */
export interface ErrorPayload {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace?: readonly string[]
}

/** A function failed. Its message is the function's own, so that an authorizer's "Unauthorized" is known as such. */
export class FunctionError extends Error {
  override readonly name: string
  readonly payload: ErrorPayload
  readonly outcome: 'threw' | 'timedOut' | 'crashed'

  constructor(outcome: FunctionError['outcome'], payload: ErrorPayload) {
    super(payload.errorMessage)
    this.name = payload.errorType
    this.payload = payload
    this.outcome = outcome
    if (payload.trace) this.stack = payload.trace.join('\n')
  }
}

/** The function's reserved concurrency is used up; it did not run. */
export class ThrottledError extends Error {
  override readonly name = 'TooManyRequestsException'

  constructor(functionId: string, reserved: number) {
    super(`Rate Exceeded: all ${reserved} reserved concurrent executions of ${functionId} are running`)
  }
}

/** The event is larger than Lambda takes; the function did not run. On AWS the status is 413. */
export class RequestTooLargeError extends Error {
  override readonly name = 'RequestEntityTooLargeException'
}
