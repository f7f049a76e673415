import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import type { Stack } from 'aws-cdk-lib'
import { Rule, type RuleProps, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { LambdaFunction, type LambdaFunctionProps } from 'aws-cdk-lib/aws-events-targets'
import type { Function } from 'aws-cdk-lib/aws-lambda'
import type { RunningTemplate, TemplateOptions } from '../../../src/template-runner/run-template.ts'
import { functionOf, run } from './fixture.ts'
import { sqs } from './queues.ts'

/** Writes down what it hears, and fails as often as the event says. */
export const source = `
  let tries = 0
  export const handler = async (event) => {
    console.log(JSON.stringify(event))
    tries += 1
    if (event.fail === 'always' || tries <= Number(event.fail ?? 0)) throw new Error('try ' + tries)
    return { tries }
  }`

interface Wanted {
  readonly target?: (stack: Stack) => LambdaFunctionProps
  readonly rule?: Partial<RuleProps>
  readonly change?: (stack: Stack, fn: Function) => void
}

/** A function that hears of what the source `app` says. */
export async function serve(
  { target, rule, change }: Wanted = {},
  options: Omit<TemplateOptions, 'cdkOut'> = {},
): Promise<RunningTemplate> {
  return run(
    (stack) => {
      const fn = functionOf(stack, 'Fn', source, { functionName: 'listener' })
      new Rule(stack, 'Rule', {
        eventPattern: { source: ['app'] },
        ...rule,
        targets: [
          new LambdaFunction(fn, target?.(stack) ?? { event: RuleTargetInput.fromEventPath('$.detail') }),
        ],
      })
      change?.(stack, fn)
    },
    { retryDelaysMs: [1], ...options },
  )
}

export const entry = (detail: object): { Source: string; DetailType: string; Detail: string } => ({
  Source: 'app',
  DetailType: 'Something',
  Detail: JSON.stringify(detail),
})

export const heard = (running: RunningTemplate): unknown[] =>
  running.logs.lines.map(({ text }) => JSON.parse(text) as unknown)

/** Of the template's only queue. */
export async function messagesIn(
  running: RunningTemplate,
): Promise<{ body: unknown; attributes: Record<string, unknown> }[]> {
  const { Messages: messages = [] } = await sqs(running).send(
    new ReceiveMessageCommand({
      QueueUrl: Object.values(running.queueUrls)[0],
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    }),
  )
  return messages.map(({ Body: body, MessageAttributes: attributes = {} }) => ({
    body: JSON.parse(body ?? '') as unknown,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, value.StringValue]),
    ),
  }))
}
