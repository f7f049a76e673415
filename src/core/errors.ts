import { PROBLEMS, type ProblemCode, type TokenRefusal } from './codes.ts'

/** Where and by how much an input was wrong. */
export interface ProblemFacts {
  /** JSON Pointer (RFC 6901) to the offending field, or a query parameter's name. */
  readonly path?: string
  readonly limit?: number
  readonly actual?: number
}

/** A request that cannot be served as it is: says what is wrong, with which value, and what to do. */
export class FanoutError extends Error {
  override readonly name = 'FanoutError'
  readonly code: ProblemCode
  readonly facts: ProblemFacts
  /** The event that is refused by this, where it has an id. */
  eventId?: string

  constructor(code: ProblemCode, message: string, facts: ProblemFacts = {}) {
    super(message)
    this.code = code
    this.facts = facts
  }
}

/** A problem document: RFC 9457, with a stable `code`. */
export interface Problem extends ProblemFacts {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
}

export function problemOf(error: FanoutError): Problem {
  const { status, title } = PROBLEMS[error.code]
  return {
    type: `urn:event-fanout:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...error.facts,
  }
}

/** A token that was not accepted. The reason is for the log, never for the one who sent it. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
  readonly reason: TokenRefusal

  constructor(reason: TokenRefusal) {
    super(`the token was refused: ${reason}`)
    this.reason = reason
  }
}
