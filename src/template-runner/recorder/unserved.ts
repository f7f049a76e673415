import { createServer } from 'node:http'
import { closeAtOnce, keepIdleConnections, listen } from '../local-server.ts'
import type { RunnerLog } from '../runner-log.ts'

/**
 * Where a function's SDK sends what no engine here serves (`AWS_ENDPOINT_URL`). Without it the call would go to AWS
 * itself; with it, it fails and is named.
 */
export async function startUnserved(log: RunnerLog): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const [, caller, service] =
      /Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? []
    const operation = request.headers['x-amz-target'] ?? `${request.method ?? ''} ${request.url ?? ''}`
    log.error({ caller, service, operation }, 'a function called a service of AWS that is not served here')
    const message = `${service ?? 'this service'} is not served by the template runner`
    request.resume()
    response
      .writeHead(501, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': 'NotServedHere' })
      .end(JSON.stringify({ __type: 'NotServedHere', message }))
  })
  const url = `http://${await listen(server)}`
  keepIdleConnections(server)
  return { url, stop: async () => closeAtOnce(server) }
}
