import {
  type ApiGatewayManagementApiClient,
  GetConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import type { Logger, SocketProbe, SocketState } from '../core/ports.ts'
import { statusOf } from './sdk-error.ts'

export interface ApiGatewayProbeOptions {
  readonly client: ApiGatewayManagementApiClient
  readonly logger: Logger
  /** In milliseconds. @default 3 s */
  readonly deadlineMs?: number
}

const DEADLINE_MS = 3000

/** `SocketProbe` on API Gateway's `@connections`. One try: whoever asks can ask again. */
export class ApiGatewayProbe implements SocketProbe {
  readonly #client: ApiGatewayManagementApiClient
  readonly #logger: Logger
  readonly #deadlineMs: number

  constructor({ client, logger, deadlineMs = DEADLINE_MS }: ApiGatewayProbeOptions) {
    this.#client = client
    this.#logger = logger
    this.#deadlineMs = deadlineMs
  }

  async stateOf(connectionId: string): Promise<SocketState | 'gone' | 'unknown'> {
    const over = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<'unknown'>((resolve) => {
      timer = setTimeout(() => {
        resolve('unknown')
        over.abort()
      }, this.#deadlineMs)
    })
    try {
      return await Promise.race([this.#ask(connectionId, over.signal), deadline])
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(connectionId: string, abortSignal: AbortSignal): Promise<SocketState | 'gone' | 'unknown'> {
    const command = new GetConnectionCommand({ ConnectionId: connectionId })
    try {
      const { ConnectedAt, LastActiveAt } = await this.#client.send(command, { abortSignal })
      if (ConnectedAt === undefined || LastActiveAt === undefined) return 'unknown'
      return { connectedAt: ConnectedAt.getTime(), lastActiveAt: LastActiveAt.getTime() }
    } catch (error) {
      if (statusOf(error) === 410) return 'gone'
      this.#logger.warn({ err: error, connectionId }, 'connection could not be looked at')
      return 'unknown'
    }
  }
}
