import type { Server } from 'node:http'

/** How long a request that has not come to its end yet, or an answer that is not read, may hold up the end. */
const LINGER_MS = 5_000

/** Whoever waits for an answer gets it: what is under way is ended by its end, and cut only if that does not come. */
export async function closeGently(server: Server): Promise<void> {
  if (!server.listening) return
  server.keepAliveTimeout = 1
  const cut = setTimeout(() => {
    server.closeAllConnections()
  }, LINGER_MS)
  await new Promise((resolve) => server.close(resolve))
  clearTimeout(cut)
}
