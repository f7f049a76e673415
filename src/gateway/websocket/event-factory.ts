import type { Clock } from '../clock.ts'
import type { Closing } from './codes.ts'
import type {
  AuthorizerContext,
  AuthorizerEvent,
  ConnectEvent,
  DisconnectEvent,
  Identity,
  MessageEvent,
  RequestContext,
} from './events.ts'
import { newId } from './ids.ts'
import { requestTime } from '../request-time.ts'
import type { NameValues, UpgradeRequest } from './upgrade-request.ts'

/** What is known of a connection from its handshake on. Kept as long as it lives, so nothing large. */
export interface ConnectionFacts {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
  readonly domainName: string
  readonly identity: Identity
  readonly authorizer?: AuthorizerContext
}

export interface ApiNames {
  readonly stage: string
  readonly apiId: string
  readonly region: string
  readonly accountId: string
}

/** Makes the events of one API. Every event is a new object: a function that changes its event changes nothing else. */
export class EventFactory {
  readonly #names: ApiNames
  readonly #clock: Clock

  constructor(names: ApiNames, clock: Clock) {
    this.#names = names
    this.#clock = clock
  }

  /** What a policy's resources are matched with. */
  methodArn(): string {
    const { region, accountId, apiId, stage } = this.#names
    return `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stage}/$connect`
  }

  authorize(facts: ConnectionFacts, request: UpgradeRequest): AuthorizerEvent {
    return {
      type: 'REQUEST',
      methodArn: this.methodArn(),
      ...headerFields(request.authorizerHeaders),
      ...queryFields(request.query),
      stageVariables: {},
      requestContext: this.#context(facts, '$connect', 'CONNECT'),
    }
  }

  connect(facts: ConnectionFacts, request: UpgradeRequest): ConnectEvent {
    return {
      ...headerFields(request.headers),
      ...queryFields(request.query),
      requestContext: this.#context(facts, '$connect', 'CONNECT'),
      isBase64Encoded: false,
    }
  }

  message(facts: ConnectionFacts, routeKey: string, body: string): MessageEvent {
    return {
      requestContext: { ...this.#context(facts, routeKey, 'MESSAGE'), messageId: newId() },
      body,
      isBase64Encoded: false,
    }
  }

  disconnect(facts: ConnectionFacts, { code, reason }: Closing): DisconnectEvent {
    const single = { Host: facts.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' }
    const multi = Object.fromEntries(Object.entries(single).map(([name, value]) => [name, [value]]))
    return {
      ...headerFields({ single, multi }),
      requestContext: {
        ...this.#context(facts, '$disconnect', 'DISCONNECT'),
        disconnectStatusCode: code,
        disconnectReason: reason,
      },
      isBase64Encoded: false,
    }
  }

  #context<Type extends RequestContext['eventType']>(
    facts: ConnectionFacts,
    routeKey: string,
    eventType: Type,
  ): RequestContext & { eventType: Type } {
    const now = this.#clock.now()
    const requestId = newId()
    return {
      routeKey,
      ...(facts.authorizer && { authorizer: { ...facts.authorizer } }),
      eventType,
      extendedRequestId: requestId,
      requestTime: requestTime(now),
      messageDirection: 'IN',
      stage: this.#names.stage,
      connectedAt: facts.connectedAt,
      requestTimeEpoch: now,
      identity: { ...facts.identity },
      requestId,
      domainName: facts.domainName,
      connectionId: facts.id,
      apiId: this.#names.apiId,
    }
  }
}

/** New objects each time: the authorizer's and `$connect`'s events must not share any. */
function headerFields({ single, multi }: NameValues) {
  return { headers: { ...single }, multiValueHeaders: copyLists(multi) }
}

function queryFields(query: NameValues | undefined) {
  if (!query) return {}
  return {
    queryStringParameters: { ...query.single },
    multiValueQueryStringParameters: copyLists(query.multi),
  }
}

function copyLists(lists: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]]))
}
