import type { FunctionDefinition } from '../functions/definition.ts'
import { allows, roleStatements } from '../permissions/service-access.ts'
import { TemplateError } from '../template-error.ts'
import type { Stack } from '../template/stack.ts'
import type { QueueSender } from './queue-sender.ts'

/** What becomes of a function's asynchronous invocations. */
export interface AsyncConfig {
  readonly retries: number
  readonly onFailureArn: string | undefined
  readonly onSuccessArn: string | undefined
  readonly deadLetterArn: string | undefined
}

/** Source: Lambda developer guide, page invocation-async-error-handling. */
const DEFAULT_RETRIES = 2

/** By the function's logical id. @throws TemplateError for what Lambda would refuse */
export function readAsyncConfigs(
  stack: Stack,
  functions: readonly FunctionDefinition[],
  sender: QueueSender,
): ReadonlyMap<string, AsyncConfig> {
  const configs = functions.map((definition) => {
    const config = { ...readInvokeConfig(stack, definition), deadLetterArn: definition.deadLetterArn }
    const destinations = [config.onFailureArn, config.onSuccessArn, config.deadLetterArn]
    for (const arn of destinations) if (arn !== undefined) check(stack, definition, arn, sender)
    return [definition.id, config] as const
  })
  return new Map(configs)
}

function readInvokeConfig(stack: Stack, definition: FunctionDefinition): Omit<AsyncConfig, 'deadLetterArn'> {
  const found = stack
    .ofType('AWS::Lambda::EventInvokeConfig')
    .find(({ properties }) => [definition.name, definition.arn].includes(String(properties['FunctionName'])))
  if (!found) return { retries: DEFAULT_RETRIES, onFailureArn: undefined, onSuccessArn: undefined }
  const properties = stack.open(found)
  properties.noEffect('FunctionName', 'MaximumEventAgeInSeconds')
  const qualifier = properties.text('Qualifier') ?? '$LATEST'
  if (qualifier !== '$LATEST')
    throw new TemplateError(`${properties.where}: versions and aliases are not served here`)
  const destinations = properties.object('DestinationConfig')
  const config = {
    retries: properties.number('MaximumRetryAttempts') ?? DEFAULT_RETRIES,
    onFailureArn: destinations?.object('OnFailure')?.text('Destination'),
    onSuccessArn: destinations?.object('OnSuccess')?.text('Destination'),
  }
  properties.warnAboutRest()
  return config
}

function check(
  stack: Stack,
  { id, roleArn }: FunctionDefinition,
  queueArn: string,
  sender: QueueSender,
): void {
  sender.check(queueArn, `what becomes of failed invocations of ${id}`)
  if (allows(roleStatements(stack, roleArn), { action: 'sqs:SendMessage', resource: queueArn })) return
  throw new TemplateError(
    `the role of ${id} does not allow sqs:SendMessage on ${queueArn}, where its invocations go`,
  )
}
