import { buildApp } from 'fauxqs'
import { AwsClient } from '../aws-client.ts'
import { isObject, parseObject } from '../json.ts'
import { keepIdleConnections } from '../local-server.ts'
import { TemplateError } from '../template-error.ts'
import type { Properties } from '../template/properties.ts'
import type { Stack, StackResource } from '../template/stack.ts'
import type { Engine } from './dynamodb.ts'

export interface QueueEngine extends Engine {
  /** The engine's own URL of a queue, by the queue's name. */
  urlOf(name: string): string | undefined
}

const attributeNames = [
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'DelaySeconds',
  'FifoQueue',
  'FifoThroughputLimit',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
] as const

/** A fauxqs with all queues of the stack. */
export async function startSqs(stack: Stack): Promise<QueueEngine> {
  const queues = stack.ofType('AWS::SQS::Queue').map((resource) => readQueue(stack, resource))
  const app = buildApp({ logger: false, defaultRegion: stack.surroundings.region })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  keepIdleConnections(app.server)
  const client = new AwsClient({
    url,
    service: 'sqs',
    region: stack.surroundings.region,
    target: 'AmazonSQS',
    accessKeyId: 'runner',
  })
  const urls = new Map<string, string>()
  for (const { name, attributes } of queues) {
    const { QueueUrl: queueUrl } = await client.call('CreateQueue', {
      QueueName: name,
      Attributes: attributes,
    })
    urls.set(name, String(queueUrl))
  }
  client.close()
  return { url, urlOf: (name) => urls.get(name), stop: async () => app.close() }
}

function readQueue(stack: Stack, resource: StackResource): { name: string; attributes: object } {
  const properties = stack.open(resource)
  properties.noEffect(
    'KmsDataKeyReusePeriodSeconds',
    'KmsMasterKeyId',
    'QueueName',
    'RedriveAllowPolicy',
    'SqsManagedSseEnabled',
    'Tags',
  )
  const name = stack.attribute(resource.id, 'QueueName')
  const isFifo = properties.flag('FifoQueue') === true
  if (isFifo !== name.endsWith('.fifo')) {
    throw new TemplateError(`${properties.where}: FifoQueue is ${isFifo}, but its name is ${name}`)
  }
  const attributes = Object.fromEntries(
    attributeNames.flatMap((attribute) => {
      const value = properties.text(attribute)
      return value === undefined ? [] : [[attribute, value]]
    }),
  )
  const redrive = redrivePolicy(stack, properties, isFifo)
  properties.warnAboutRest()
  return { name, attributes: { ...attributes, ...(redrive && { RedrivePolicy: redrive }) } }
}

function redrivePolicy(stack: Stack, properties: Properties, isFifo: boolean): string | undefined {
  const raw = properties.raw('RedrivePolicy')
  if (raw === undefined) return undefined
  const policy = typeof raw === 'string' ? parseObject(raw) : raw
  const { deadLetterTargetArn: target, maxReceiveCount } = isObject(policy) ? policy : {}
  const queue = stack.named('AWS::SQS::Queue', String(target))
  if (!queue) throw new TemplateError(`${properties.where}: there is no dead-letter queue ${String(target)}`)
  const name = stack.attribute(queue.id, 'QueueName')
  if (name.endsWith('.fifo') !== isFifo) {
    throw new TemplateError(
      `${properties.where}: the dead-letter queue of a FIFO queue must be one, too, and of no other`,
    )
  }
  // Fauxqs knows only this account.
  const targetArn = `arn:aws:sqs:${stack.surroundings.region}:000000000000:${name}`
  return JSON.stringify({ deadLetterTargetArn: targetArn, maxReceiveCount: Number(maxReceiveCount) })
}
