import {
  type ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import type { Outcome } from '../core/codes.ts'
import type { Logger, Pusher } from '../core/ports.ts'
import { backoff, pause } from './log/backoff.ts'
import { statusOf } from './sdk-error.ts'

export interface ApiGatewayPusherOptions {
  /** With one try a call: the tries are made here, where their deadline is. */
  readonly client: ApiGatewayManagementApiClient
  readonly logger: Logger
  /** For one post or close with all its tries, in milliseconds. @default 3 s */
  readonly deadlineMs?: number
  /** Between 0 and 1, for the waits between tries. */
  readonly random?: () => number
}

type PostOutcome = Exclude<Outcome, 'expired'>

type Call = (signal: AbortSignal) => Promise<unknown>

interface Result {
  readonly outcome: PostOutcome
  readonly error?: unknown
}

const DEADLINE_MS = 3000

/** The first wait is up to 80 ms: a throttle of the account is not over in less. */
const PATIENT = 2

/**
 * `Pusher` on API Gateway's `@connections`. A post to a half-open socket hangs until AWS notices, so each has a deadline
 * that holds whatever happens; what is not sent by then the client fetches itself, for the event is in the log.
 *
 * A try whose answer is lost may have reached the device: another one then sends the frame twice, and the client drops
 * the second by its offset.
 */
export class ApiGatewayPusher implements Pusher {
  readonly #client: ApiGatewayManagementApiClient
  readonly #logger: Logger
  readonly #deadlineMs: number
  readonly #random: () => number

  constructor({ client, logger, deadlineMs = DEADLINE_MS, random = Math.random }: ApiGatewayPusherOptions) {
    this.#client = client
    this.#logger = logger
    this.#deadlineMs = deadlineMs
    this.#random = random
  }

  async post(connectionId: string, frame: string): Promise<PostOutcome> {
    const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: frame })
    const result = await this.#withinDeadline(async (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    )
    this.#report(connectionId, result, 'post did not get through')
    return result.outcome
  }

  async close(connectionId: string): Promise<boolean> {
    const command = new DeleteConnectionCommand({ ConnectionId: connectionId })
    const result = await this.#withinDeadline(async (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    )
    this.#report(connectionId, result, 'connection could not be closed')
    return isDone(result)
  }

  #report(connectionId: string, { outcome, error }: Result, message: string): void {
    if (isDone({ outcome })) return
    this.#logger.warn({ connectionId, outcome, err: error }, message)
  }

  /** Never rejects, and answers by the deadline even if a call does not heed its signal. */
  async #withinDeadline(call: Call): Promise<Result> {
    const over = new AbortController()
    let last: Result = { outcome: 'failed', error: new Error(`no answer within ${this.#deadlineMs} ms`) }
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<Result>((resolve) => {
      timer = setTimeout(() => {
        resolve(last)
        over.abort()
      }, this.#deadlineMs)
    })
    const missed = (result: Result) => {
      last = result
    }
    try {
      return await Promise.race([this.#tries(call, over.signal, missed), deadline])
    } finally {
      clearTimeout(timer)
    }
  }

  async #tries(call: Call, signal: AbortSignal, missed: (result: Result) => void): Promise<Result> {
    const end = performance.now() + this.#deadlineMs
    for (let attempt = 0; ; attempt++) {
      const { result, again } = await tryOnce(call, signal)
      const wait = backoff(attempt + PATIENT, this.#random)
      // Nobody gains by waiting for a try that cannot be made.
      if (!again || performance.now() + wait >= end) return result
      missed(result)
      await pause(wait)
    }
  }
}

/** Whether nothing is left to do for a connection: the call was made, or it is not there any more. */
function isDone({ outcome }: Result): boolean {
  return outcome === 'sent' || outcome === 'gone'
}

async function tryOnce(call: Call, signal: AbortSignal): Promise<{ result: Result; again: boolean }> {
  try {
    await call(signal)
    return { result: { outcome: 'sent' }, again: false }
  } catch (error) {
    return judge(error)
  }
}

function judge(error: unknown): { result: Result; again: boolean } {
  const status = statusOf(error)
  if (status === 410) return { result: { outcome: 'gone' }, again: false }
  // A rate, or the client's buffer is full: never a sign that it is gone.
  if (status === 429) return { result: { outcome: 'throttled', error }, again: true }
  // Too large, forbidden, malformed: the next try would be no better.
  const refused = status !== undefined && status >= 400 && status < 500
  return { result: { outcome: 'failed', error }, again: !refused }
}
