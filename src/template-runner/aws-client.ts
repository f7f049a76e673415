import { Agent, request as httpRequest } from 'node:http'
import { type JsonObject, asText, parseObject } from './json.ts'

/** An answer of AWS that is no success. */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  /** Such as ResourceNotFoundException. */
  readonly type: string
  readonly status: number

  constructor(type: string, status: number, message: string) {
    super(`${type}: ${message}`)
    this.type = type
    this.status = status
  }
}

export interface AwsClientOptions {
  readonly url: string
  /** As in a credential scope. */
  readonly service: string
  readonly region: string
  /** What goes before an operation in `X-Amz-Target`. */
  readonly target: string
  readonly contentType?: string
  readonly accessKeyId: string
}

/** What the runner itself calls AWS's JSON protocols with. It signs nothing: no one here verifies signatures. */
export class AwsClient {
  readonly #options: AwsClientOptions
  readonly #agent = new Agent({ keepAlive: true })

  constructor(options: AwsClientOptions) {
    this.#options = options
  }

  /** @throws AwsError */
  async call(operation: string, input: JsonObject, signal?: AbortSignal): Promise<JsonObject> {
    const { status, body } = await this.#send(operation, JSON.stringify(input), signal)
    const output = parseObject(body)
    if (status === 200) return output
    const type = asText(output['__type'], 'Unknown').replace(/^.*#/, '')
    throw new AwsError(type, status, asText(output['message'] ?? output['Message'], body))
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(operation: string, body: string, signal?: AbortSignal): Promise<{ status: number; body: string }> {
    const { url, target, contentType = 'application/x-amz-json-1.0' } = this.#options
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
        'x-amz-target': `${target}.${operation}`,
        'x-amz-date': `${this.#today()}T000000Z`,
        authorization: this.#authorization(),
      }
      const request = httpRequest(url, {
        method: 'POST',
        agent: this.#agent,
        headers,
        ...(signal && { signal }),
      })
      request.on('error', reject)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
        })
      })
      request.end(body)
    })
  }

  #authorization(): string {
    const { accessKeyId, region, service } = this.#options
    const scope = `${accessKeyId}/${this.#today()}/${region}/${service}/aws4_request`
    return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`
  }

  #today(): string {
    return new Date().toISOString().slice(0, 10).replaceAll('-', '')
  }
}
