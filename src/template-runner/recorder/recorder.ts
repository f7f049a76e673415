import {
  Agent,
  type IncomingMessage,
  type ServerResponse,
  createServer,
  request as httpRequest,
} from 'node:http'
import type { OutgoingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { AwsCall } from '../aws-call.ts'
import type { Recording } from '../invocation.ts'
import { asText, parseObject } from '../json.ts'
import { closeAtOnce, keepIdleConnections, listen } from '../local-server.ts'
import type { RunnerLog } from '../runner-log.ts'
import type { Fault, Faults, PendingCall } from './faults.ts'
import type { Wire, WireRequest } from './wire.ts'

export interface RecorderOptions {
  readonly wire: Wire
  /** Asked at each call: what is behind a recorder may need its address first. */
  readonly upstream: () => string
  readonly recording: Recording
  readonly faults: Faults
  readonly log: RunnerLog
}

interface Answer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

/** A proxy in front of an engine that writes down who called what. */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  readonly #server = createServer((request, response) => {
    void this.#handle(request, response).catch((error: unknown) => {
      // Whoever has hung up, as a poller that is stopped, is owed nothing.
      if (response.destroyed) return
      const text = error instanceof Error ? error.message : String(error)
      this.#options.log.error(
        { service: this.#options.wire.service, error: text },
        'a recorded call failed here',
      )
      response.destroy()
    })
  })
  #url: string | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Without a slash at its end. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the recorder does not listen yet')
    return this.#url
  }

  async start(port = 0): Promise<this> {
    this.#url = `http://${await listen(this.#server, port)}`
    keepIdleConnections(this.#server)
    return this
  }

  async stop(): Promise<void> {
    await closeAtOnce(this.#server)
    this.#agent.destroy()
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now()
    const began = performance.now()
    const { method = 'GET', url: target = '/', headers } = incoming
    const request: WireRequest = { method, target, headers, body: await buffer(incoming) }
    const pending = this.#pending(request, at)
    const { before, after } = this.#options.faults
    const early = before && (await before(pending))
    const answer = early ? faulty(early) : await this.#forward(pending.operation, request)
    const call = record(pending, answer, performance.now() - began)
    this.#count(call, request.body.length, answer)
    const late = early || !after ? undefined : await after(call)
    send(response, late ? faulty(late) : answer)
  }

  #pending(request: WireRequest, at: number): PendingCall {
    const { wire } = this.#options
    const { operation, resources, request: parsed } = wire.understand(request)
    return { at, ...callerOf(request), service: wire.service, operation, resources, request: parsed }
  }

  async #forward(operation: string, request: WireRequest): Promise<Answer> {
    const { rewriteRequest, rewriteResponse } = this.#options.wire
    const body = rewritten(request.body, operation, rewriteRequest)
    const answer = await this.#send({ ...request, body })
    const rewrittenBody = rewritten(answer.body, operation, rewriteResponse)
    return { ...answer, body: rewrittenBody }
  }

  #send({ method, target, headers, body }: WireRequest): Promise<Answer> {
    const {
      host: _host,
      connection: _connection,
      'transfer-encoding': _encoding,
      expect: _expect,
      ...kept
    } = headers
    return new Promise((resolve, reject) => {
      const upstream = httpRequest(this.#options.upstream() + target, {
        method,
        agent: this.#agent,
        headers: { ...kept, 'content-length': body.length },
      })
      upstream.on('error', reject)
      upstream.on('response', (response) => {
        void buffer(response).then((received) => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received })
        }, reject)
      })
      upstream.end(body)
    })
  }

  #count(call: AwsCall, requestBytes: number, answer: Answer | 'drop'): void {
    const { recording } = this.#options
    if (call.service === 'sqs') {
      const responseBytes = answer === 'drop' ? 0 : answer.body.length
      recording.addQueueRequest(call.operation, Math.max(requestBytes, responseBytes))
    }
    if (call.operation === 'PostToConnection' && call.status === 200) {
      recording.addMessage('out', '@connections', requestBytes)
    }
    recording.addCall(call)
  }
}

function rewritten(body: Buffer, operation: string, rewrite: Wire['rewriteRequest']): Buffer {
  if (!rewrite || body.length === 0) return body
  const before = parseObject(body.toString())
  const after = rewrite(operation, before)
  // What is no JSON object, or stays as it is, goes on byte for byte.
  return after === before || Object.keys(before).length === 0 ? body : Buffer.from(JSON.stringify(after))
}

/** A function's access key id is its logical id; what is after `@` is on whose behalf. */
function callerOf({ headers }: WireRequest): Pick<AwsCall, 'caller' | 'onBehalfOf'> {
  const [, key = 'nobody'] = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '') ?? []
  const [caller = key, onBehalfOf] = key.split('@')
  return { caller, ...(onBehalfOf !== undefined && { onBehalfOf }) }
}

function record(pending: PendingCall, answer: Answer | 'drop', durationMs: number): AwsCall {
  if (answer === 'drop')
    return { ...pending, status: 0, errorType: 'Dropped', response: undefined, durationMs }
  const { status, headers, body } = answer
  const response = body.length === 0 ? undefined : parseObject(body.toString())
  const named = headers['x-amzn-errortype'] ?? response?.['__type']
  const errorType = status < 400 ? undefined : asText(named, 'Unknown').replace(/^.*#/, '')
  return { ...pending, status, ...(errorType !== undefined && { errorType }), response, durationMs }
}

function faulty(fault: Fault): Answer | 'drop' {
  if (fault === 'drop') return 'drop'
  const { status, errorType, message = 'a fault that a test asked for' } = fault
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': errorType }
  return { status, headers, body: Buffer.from(JSON.stringify({ __type: errorType, message })) }
}

function send(response: ServerResponse, answer: Answer | 'drop'): void {
  if (answer === 'drop') {
    response.destroy()
    return
  }
  const {
    connection: _connection,
    'keep-alive': _keepAlive,
    'transfer-encoding': _encoding,
    ...headers
  } = answer.headers
  // A checksum would be of the body before it was rewritten.
  delete headers['x-amz-crc32']
  const length = answer.status === 204 ? {} : { 'content-length': answer.body.length }
  response.writeHead(answer.status, { ...headers, ...length }).end(answer.body)
}
