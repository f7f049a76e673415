import { SCOPES } from '../src/core/codes.ts'
import { FanoutError, problemOf } from '../src/core/errors.ts'
import { parsePublishBody } from '../src/core/event.ts'
import type { Logger, TokenVerifier } from '../src/core/ports.ts'
import type { Publisher, PublishResult } from '../src/core/publish.ts'
import { answering, bodyText, type HttpHandler, identify, json, publicError } from './shared/http.ts'

export interface Dependencies {
  readonly publisher: Publisher
  readonly verifier: TokenVerifier
  readonly logger: Logger
}

/** `POST /api/v1/events`: one event, or an array of up to 100 that are answered each by itself. */
export function createHandler({ publisher, verifier, logger }: Dependencies): HttpHandler {
  return answering(logger, async (event) => {
    const { scopes } = await identify(verifier, logger, event)
    if (!scopes.includes(SCOPES.publish)) {
      throw new FanoutError('forbidden', `publishing needs a token with the scope ${SCOPES.publish}`)
    }
    const body = parsePublishBody(bodyText(event))
    if (body.kind === 'single') return json(200, JSON.stringify(await publisher.publish(body.event)))
    const answers = await publisher.publishAll(body.items)
    return json(200, JSON.stringify(answers.map((answer) => asItem(logger, answer))))
  })
}

function asItem(logger: Logger, answer: PublishResult | Error): object {
  return answer instanceof Error ? { error: problemOf(publicError(logger, answer)) } : answer
}
