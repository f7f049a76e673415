import { Duration } from 'aws-cdk-lib'
import { type EventPattern, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledge.ts'
import { UndeliveredEvents } from './event-queue.ts'
import type { EventBridgeOptions } from './props.ts'
import type { Settings } from './settings.ts'

/** EventBridge's most, and its default: said here because what is not delivered by then has to be fetched by hand. */
const PATIENCE = { retryAttempts: 185, maxEventAge: Duration.hours(24) }

/** Lambda's most: it tries twice more, and gives up on what has waited for longer. */
const FUNCTION_PATIENCE = { retryAttempts: 2, maxEventAge: Duration.hours(6) }

/**
 * Publishes the `detail` of what a bus carries. The rule invokes the function directly: to a FIFO queue it could give
 * only one fixed message group, in which every event would wait for every other.
 */
export class EventRule extends Construct {
  /** What the rule could not deliver, and what the function failed at. */
  readonly undelivered: UndeliveredEvents

  constructor(
    scope: Construct,
    id: string,
    consumer: LambdaFunction,
    { eventBus, eventPattern }: EventBridgeOptions,
    settings: Settings,
  ) {
    super(scope, id)
    checkPattern(eventPattern)
    this.undelivered = new UndeliveredEvents(this, 'Undelivered', settings)
    acknowledge(
      this.undelivered,
      'AwsSolutions-SQS3',
      'This is the dead-letter queue of the rule and the function.',
    )
    const target = new LambdaTarget(consumer, {
      event: RuleTargetInput.fromEventPath('$.detail'),
      deadLetterQueue: this.undelivered,
      ...PATIENCE,
    })
    new Rule(this, 'Rule', { eventPattern, targets: [target], ...(eventBus && { eventBus }) })
    keepFailures(consumer, this.undelivered)
  }
}

/** CDK's `SqsDestination` would grant more than sending. */
function keepFailures(from: LambdaFunction, to: UndeliveredEvents): void {
  from.addToRolePolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [to.queueArn] }))
  from.configureAsyncInvoke({
    ...FUNCTION_PATIENCE,
    onFailure: { bind: () => ({ destination: to.queueArn }) },
  })
}

function checkPattern(pattern: EventPattern): void {
  if (Object.values(pattern).some((part) => part !== undefined)) return
  throw new Error(
    'eventBridge.eventPattern is empty; say which events to publish, such as { source: ["app.sessions"] }',
  )
}
