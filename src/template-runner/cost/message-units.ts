import type { AwsCall } from '../aws-call.ts'
import { asList, isObject } from '../json.ts'

/** Each is billed in units of this many bytes or a part of them; source: the services' pricing pages. */
const QUEUE_UNIT_BYTES = 64 * 1024
const WEBSOCKET_UNIT_BYTES = 32 * 1024

/** A call that was dropped on its way has status 0. */
export function succeeded(status: number): boolean {
  return status >= 200 && status < 300
}

/** Requests that SQS bills for a call: a batch counts as one, as long as it fits into 64 KB. */
export function queueRequests({ status, request, response }: AwsCall): number {
  if (status >= 500 || status < 200) return 0
  const sent = isObject(request) ? [request, ...asList(request['Entries'])] : []
  const received = isObject(response) ? asList(response['Messages']) : []
  const bytes = [...sent, ...received].reduce<number>((sum, message) => sum + messageBytes(message), 0)
  return Math.max(1, Math.ceil(bytes / QUEUE_UNIT_BYTES))
}

/** A receive that brought nothing: what a poller does while nothing happens. */
export function isEmptyReceive({ operation, status, response }: AwsCall): boolean {
  if (operation !== 'ReceiveMessage' || !succeeded(status)) return false
  return !isObject(response) || asList(response['Messages']).length === 0
}

/** Messages that API Gateway bills for a post: none when it was refused. */
export function postedMessages({ operation, status, request }: AwsCall): number {
  if (operation !== 'PostToConnection' || !succeeded(status)) return 0
  const bytes = isObject(request) ? Number(request['bytes'] ?? 0) : 0
  return Math.max(1, Math.ceil(bytes / WEBSOCKET_UNIT_BYTES))
}

function messageBytes(message: unknown): number {
  if (!isObject(message)) return 0
  const body = message['MessageBody'] ?? message['Body']
  const attributes = isObject(message['MessageAttributes'])
    ? JSON.stringify(message['MessageAttributes'])
    : ''
  return (typeof body === 'string' ? Buffer.byteLength(body) : 0) + Buffer.byteLength(attributes)
}
