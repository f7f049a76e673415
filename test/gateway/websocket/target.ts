import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi'
import { onTestFinished } from 'vitest'
import { type WebSocketApiOptions, createWebSocketApi } from '../../../src/gateway/websocket/websocket-api.ts'
import { conformanceApi } from './conformance-api.ts'

/** What the conformance suite knows of the API it tests. */
export interface Target {
  /** With the stage, without a slash at the end. */
  wsUrl: string
  httpUrl: string
}

/**
 * The API under test: one that was started elsewhere with the functions of `conformance-api.ts`, if both environment
 * variables are set, else a fresh gateway in this process.
 */
export async function target(): Promise<Target> {
  const { GATEWAY_WS_URL: wsUrl, GATEWAY_HTTP_URL: httpUrl } = process.env
  return wsUrl && httpUrl ? { wsUrl, httpUrl } : start(conformanceApi())
}

/** A gateway of this process, on a free port, gone when the test is. */
export async function start(options: WebSocketApiOptions) {
  const api = createWebSocketApi(options)
  const { wsUrl, httpUrl, port } = await api.listen(0)
  onTestFinished(() => api.close({ timeoutMs: 0 }))
  return { api, wsUrl, httpUrl, port }
}

/** The SDK's client as anyone would make it. */
export function sdk(endpoint: string): ApiGatewayManagementApiClient {
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })
  onTestFinished(() => {
    client.destroy()
  })
  return client
}

/** How the SDK sees a failed call. */
export async function failure(call: Promise<unknown>): Promise<{ name: string; status: number | undefined }> {
  try {
    await call
  } catch (error) {
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
    return { name, status: $metadata?.httpStatusCode }
  }
  throw new Error('the call did not fail')
}
