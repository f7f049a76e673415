import { AwsClient } from '../aws-client.ts'
import { TemplateError } from '../template-error.ts'
import type { Stack } from '../template/stack.ts'

/** Sends to the stack's queues what services send there: dead letters and results. */
export class QueueSender {
  readonly #stack: Stack
  readonly #endpoint: () => string
  readonly #clients = new Map<string, AwsClient>()

  constructor(stack: Stack, endpoint: () => string) {
    this.#stack = stack
    this.#endpoint = endpoint
  }

  /** @throws TemplateError unless the ARN is that of a standard queue: Lambda and EventBridge take no FIFO queue for this */
  check(arn: string, where: string): void {
    if (!this.#stack.named('AWS::SQS::Queue', arn)) {
      throw new TemplateError(`${where}: ${arn} is no queue of the template; others are not served`)
    }
    if (arn.endsWith('.fifo'))
      throw new TemplateError(`${where}: ${arn} is a FIFO queue; only a standard one may be used`)
  }

  /** @param onBehalfOf the function whose role is used, if one is */
  async send(
    arn: string,
    body: unknown,
    onBehalfOf: string | undefined,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const queue = this.#stack.named('AWS::SQS::Queue', arn)
    if (!queue) throw new TemplateError(`${arn} is no queue of the template`)
    const entries = Object.entries(attributes).map(
      ([name, value]) => [name, { DataType: 'String', StringValue: value }] as const,
    )
    await this.#client(onBehalfOf).call('SendMessage', {
      // Only its name counts to the recorder.
      QueueUrl: this.#stack.ref(queue.id),
      MessageBody: JSON.stringify(body),
      ...(entries.length > 0 && { MessageAttributes: Object.fromEntries(entries) }),
    })
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
  }

  #client(onBehalfOf: string | undefined): AwsClient {
    const accessKeyId = onBehalfOf === undefined ? 'runner' : `runner@${onBehalfOf}`
    const known = this.#clients.get(accessKeyId)
    if (known) return known
    const { region } = this.#stack.surroundings
    const client = new AwsClient({
      url: this.#endpoint(),
      service: 'sqs',
      region,
      target: 'AmazonSQS',
      accessKeyId,
    })
    this.#clients.set(accessKeyId, client)
    return client
  }
}
