import { FanoutError } from '../../src/core/errors.ts'

/** What a call was refused with: its code and facts, everything but the text. */
export function refusalOf(call: () => unknown): object {
  try {
    call()
  } catch (error) {
    if (error instanceof FanoutError) return { code: error.code, ...error.facts }
    throw error
  }
  throw new Error('it was not refused')
}
