import { badAnswer, isJson, type Json, problemFailure } from './answer.ts'
import type { FailedTry } from './failed-try.ts'
import type { Item } from './item.ts'
import type { Published, Queued } from './results.ts'

export type Result = Published | Queued | FailedTry

/** A good answer, not looked at yet. */
export interface GoodAnswer {
  readonly json: unknown
  readonly status: number
  readonly origin: string
  /** Whether a queue will do. */
  readonly mayQueue: boolean
}

/** How events are written into a request, and their results read from the answer. */
export interface Form {
  readonly kind: 'event' | 'array'
  body(items: readonly Item[]): string
  /** One for each event of the request, in its order. @throws FailedTry `bad_answer` */
  results(answer: GoodAnswer, count: number): readonly Result[]
}

/** For a request of exactly one event. */
export const ONE: Form = {
  kind: 'event',
  body: ([item]) => item?.text ?? '',
  results: (answer) => [resultOf(answer.json, answer)],
}

export const MANY: Form = {
  kind: 'array',
  body: (items) => `[${items.map(({ text }) => text).join(',')}]`,
  results: (answer, count) => {
    if (Array.isArray(answer.json) && answer.json.length === count) {
      return answer.json.map((one) => resultOf(one, answer))
    }
    throw strange(answer)
  },
}

function resultOf(json: unknown, answer: GoodAnswer): Result {
  if (isPublished(json) || (answer.mayQueue && isQueued(json))) return json
  const problem = isJson(json) ? json['error'] : undefined
  if (answer.json !== json && isProblem(problem)) return problemFailure(problem, problem.status, 'event')
  throw strange(answer)
}

function strange({ status, origin }: GoodAnswer): FailedTry {
  return badAnswer(status, `what ${origin} answers is JSON, but does not say what became of the event`)
}

function isPublished(json: unknown): json is Published {
  return (
    isJson(json) &&
    typeof json['id'] === 'string' &&
    typeof json['duplicate'] === 'boolean' &&
    Array.isArray(json['recipients']) &&
    json['recipients'].every(isRecipient)
  )
}

function isRecipient(json: unknown): boolean {
  const numbers = ['offset', 'connections', 'sent']
  return (
    isJson(json) &&
    typeof json['userId'] === 'string' &&
    numbers.every((name) => Number.isInteger(json[name]))
  )
}

function isQueued(json: unknown): json is Queued {
  return isJson(json) && typeof json['id'] === 'string' && json['queued'] === true
}

function isProblem(json: unknown): json is Json & { readonly status: number } {
  return isJson(json) && typeof json['code'] === 'string' && Number.isInteger(json['status'])
}
