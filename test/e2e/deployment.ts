import { afterAll, beforeAll } from 'vitest'
import { ServerProcess } from './server-process.ts'

/** Where a server is reached, and the secret that its tokens are signed with. */
export interface Deployment {
  readonly httpUrl: string
  readonly wsUrl: string
  readonly secret: string
  /** An embedded server that was started for these tests. In front of any other one there may be an API Gateway. */
  readonly isOwn: boolean
}

export const SECRET = 'a secret of the tests, long enough for HS256'

/**
 * What the tests of a file speak to: the deployment that `FANOUT_HTTP_URL` and `FANOUT_WS_URL` name, which takes tokens
 * signed with `JWT_SECRET`; without them a server of this file's own.
 */
export function deployment(): Deployment {
  const { FANOUT_HTTP_URL: httpUrl, FANOUT_WS_URL: wsUrl, JWT_SECRET: secret } = process.env
  if (httpUrl !== undefined && wsUrl !== undefined) {
    if (secret === undefined)
      throw new Error('JWT_SECRET is not set: it signs the tokens for FANOUT_HTTP_URL')
    return { httpUrl, wsUrl, secret, isOwn: false }
  }
  let server: ServerProcess | undefined
  beforeAll(async () => {
    server = new ServerProcess({ JWT_SECRET: SECRET, LOG_LEVEL: 'info' })
    await server.logged('serving')
  })
  afterAll(() => server?.dispose())
  return {
    get httpUrl() {
      return server?.httpUrl ?? ''
    },
    get wsUrl() {
      return server?.wsUrl ?? ''
    },
    secret: SECRET,
    isOwn: true,
  }
}

/** The same for a server that a test started by itself. */
export function deploymentOf(server: ServerProcess, secret: string = SECRET): Deployment {
  return { httpUrl: server.httpUrl, wsUrl: server.wsUrl, secret, isOwn: true }
}
