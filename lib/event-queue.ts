import { Duration } from 'aws-cdk-lib'
import { Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { bind } from './functions.ts'
import { FUNCTIONS } from './function-settings.ts'
import type { Settings } from './settings.ts'

/** SQS keeps no message longer. */
const LONGEST = Duration.days(14)

/**
 * How often a message is tried before it goes to the dead letters; Lambda asks for at least 5. With the pauses that the
 * event function makes (2 s, each four times as long, at the most 5 min) that is an outage of some half an hour.
 */
const TRIES = 10

/** What every queue here has: encryption by SQS's own key, which costs no KMS calls, and TLS only. */
const SECURE = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: LONGEST }

// High throughput: without both, a FIFO queue ends at 300 calls a second (SQS developer guide, page
// high-throughput-fifo).
const FIFO = {
  fifo: true,
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
}

/** Events that could never be published, or not within the tries. */
export class DeadLetters extends Queue {
  constructor(scope: Construct, id: string, { removalPolicy }: Settings) {
    super(scope, id, { ...SECURE, ...FIFO, removalPolicy })
  }

  /** @param actions of SQS, such as `SendMessage` */
  allow(to: LambdaFunction, ...actions: readonly string[]): void {
    bind(to, { DEAD_LETTER_QUEUE_URL: this.queueUrl }, sqs(actions), [this.queueArn])
  }
}

/** Where backends publish by IAM: group = first recipient, de-duplication id = the event's id, or one of its id and content. */
export class EventQueue extends Queue {
  constructor(scope: Construct, id: string, deadLetters: DeadLetters, { removalPolicy }: Settings) {
    super(scope, id, {
      ...SECURE,
      ...FIFO,
      // Six times the consumer's timeout, as Lambda asks for: time for the tries after a throttled invocation.
      visibilityTimeout: Duration.seconds(6 * FUNCTIONS.event.timeoutSeconds),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: TRIES },
      removalPolicy,
    })
  }

  /** @param actions of SQS, such as `SendMessage` */
  allow(to: LambdaFunction, ...actions: readonly string[]): void {
    bind(to, { QUEUE_URL: this.queueUrl }, sqs(actions), [this.queueArn])
  }

  /** The queue's own key needs no further right. Sending a batch is the same right as sending one. */
  grantPublish(grantee: IGrantable): Grant {
    return Grant.addToPrincipalOrResource({
      grantee,
      actions: ['sqs:SendMessage'],
      resourceArns: [this.queueArn],
      resource: this,
    })
  }

  /**
   * Makes Lambda poll the queue for the function, with the rights of AWSLambdaSQSQueueExecutionRole, and no variable:
   * what the poller does is not the function's doing.
   */
  feed(consumer: LambdaFunction, maxConcurrency: number | undefined): void {
    const actions = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']
    consumer.addToRolePolicy(new PolicyStatement({ actions: sqs(actions), resources: [this.queueArn] }))
    consumer.addEventSourceMapping('Queue', {
      eventSourceArn: this.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      ...(maxConcurrency !== undefined && { maxConcurrency }),
    })
  }
}

/** A queue for what EventBridge could not deliver: neither its rules nor Lambda's destinations take a FIFO queue. */
export class UndeliveredEvents extends Queue {
  constructor(scope: Construct, id: string, { removalPolicy }: Settings) {
    super(scope, id, { ...SECURE, removalPolicy })
  }
}

function sqs(actions: readonly string[]): string[] {
  return actions.map((action) => `sqs:${action}`)
}
