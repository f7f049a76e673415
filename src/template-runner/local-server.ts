import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TemplateError } from './template-error.ts'

/** Where a listening server is reached: `127.0.0.1:3000`, without a scheme. */
export async function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  }).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error)
    throw new TemplateError(`cannot listen on port ${port} of ${host}: ${text}`)
  })
  const { address, family, port: bound } = server.address() as AddressInfo
  return `${family === 'IPv6' ? `[${address}]` : address}:${bound}`
}

/** For servers that only this machine's own processes talk to: whoever still waits is cut. */
export async function closeAtOnce(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}

/**
 * A function's SDK keeps its connections while the function is frozen and cannot notice that they were closed; a server
 * that never closes idle ones spares it the resets. (AWS does close them; how a client copes is not what is tested here.)
 */
export function keepIdleConnections(server: Server): void {
  server.keepAliveTimeout = 0
  server.headersTimeout = 0
  server.requestTimeout = 0
}
