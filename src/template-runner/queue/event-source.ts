import type { FunctionDefinition } from '../functions/definition.ts'
import { allows, roleStatements } from '../permissions/service-access.ts'
import { POLLER_ACTIONS } from '../permissions/service-use.ts'
import { TemplateError } from '../template-error.ts'
import type { Properties } from '../template/properties.ts'
import type { Stack, StackResource } from '../template/stack.ts'

/** What the template says of one event source mapping. */
export interface EventSource {
  readonly id: string
  readonly functionId: string
  readonly queueArn: string
  /** As on AWS. */
  readonly queueUrl: string
  readonly batchSize: number
  readonly windowMs: number
  readonly reportsFailures: boolean
  readonly maxConcurrency: number | undefined
}

/** @throws TemplateError for what Lambda would refuse to create */
export function readEventSources(
  stack: Stack,
  functions: readonly FunctionDefinition[],
): readonly EventSource[] {
  return stack
    .ofType('AWS::Lambda::EventSourceMapping')
    .map((resource) => readEventSource(stack, resource, functions))
    .filter((source) => source !== undefined)
}

function readEventSource(
  stack: Stack,
  resource: StackResource,
  functions: readonly FunctionDefinition[],
): EventSource | undefined {
  const properties = stack.open(resource)
  properties.refuse(['FilterCriteria'], 'filters are not served here')
  properties.noEffect('KmsKeyArn', 'MetricsConfig', 'Tags')
  const name = properties.requiredText('FunctionName')
  const definition = functions.find((one) => [one.name, one.arn].includes(name))
  if (!definition) throw new TemplateError(`${properties.where}: there is no function ${name}`)
  const queueArn = properties.requiredText('EventSourceArn')
  const queue = stack.named('AWS::SQS::Queue', queueArn)
  if (!queue)
    throw new TemplateError(
      `${properties.where}: ${queueArn} is no queue of the template; others are not served`,
    )
  const source = {
    id: resource.id,
    functionId: definition.id,
    queueArn,
    queueUrl: stack.ref(queue.id),
    batchSize: properties.number('BatchSize') ?? 10,
    windowMs: (properties.number('MaximumBatchingWindowInSeconds') ?? 0) * 1000,
    reportsFailures: properties.texts('FunctionResponseTypes').includes('ReportBatchItemFailures'),
    maxConcurrency: properties.object('ScalingConfig')?.number('MaximumConcurrency'),
  }
  const isEnabled = properties.flag('Enabled') ?? true
  checkSource(stack, properties, source, definition, queue)
  properties.warnAboutRest()
  return isEnabled ? source : undefined
}

function checkSource(
  stack: Stack,
  { where }: Properties,
  { queueArn, batchSize, windowMs }: EventSource,
  { id, roleArn, timeoutMs }: FunctionDefinition,
  queue: StackResource,
): void {
  const statements = roleStatements(stack, roleArn)
  for (const action of POLLER_ACTIONS) {
    if (allows(statements, { action, resource: queueArn })) continue
    throw new TemplateError(
      `${where}: the role of ${id} does not allow ${action} on ${queueArn}, so Lambda cannot poll`,
    )
  }
  const visibilityMs = (stack.open(queue).number('VisibilityTimeout') ?? 30) * 1000
  if (visibilityMs < timeoutMs) {
    throw new TemplateError(
      `${where}: the queue's visibility timeout, ${visibilityMs} ms, is less than the timeout of ${id}, ${timeoutMs} ms`,
    )
  }
  const isFifo = queueArn.endsWith('.fifo')
  if (isFifo && windowMs > 0) throw new TemplateError(`${where}: FIFO queues have no batching window`)
  if (batchSize > 10 && (isFifo || windowMs < 1000)) {
    throw new TemplateError(
      `${where}: BatchSize is ${batchSize}; without a batching window at most 10, for FIFO always`,
    )
  }
}
