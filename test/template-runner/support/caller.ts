import type { Stack } from 'aws-cdk-lib'
import type { AwsCall } from '../../../src/template-runner/aws-call.ts'
import type { RunningTemplate } from '../../../src/template-runner/run-template.ts'
import { functionOf, moduleUrl } from './fixture.ts'

/** A function that sends one command of a service with the unmodified SDK. */
export function caller(
  stack: Stack,
  service: string,
  client: string,
  environment: Record<string, string> = {},
): void {
  const source = `
    import * as sdk from '${moduleUrl(`@aws-sdk/client-${service}`)}'
    const client = new sdk.${client}({ maxAttempts: 1 })
    export const handler = async ({ command, input }) => {
      try {
        const { $metadata, ...output } = await client.send(new sdk[command + 'Command'](input))
        return output
      } catch (error) {
        return { failed: error.name }
      }
    }`
  functionOf(stack, 'Caller', source, { functionName: 'caller', environment })
}

/** What the service answered, or `{ failed: 'NameOfError' }`. */
export const send = async (running: RunningTemplate, command: string, input: object): Promise<unknown> =>
  running.invoke('caller', { command, input })

/** The one call that was recorded. */
export const only = (running: RunningTemplate): AwsCall => {
  const [call, ...others] = running.recording.calls
  if (!call || others.length > 0) throw new Error(`expected one call, got ${running.recording.calls.length}`)
  return call
}
