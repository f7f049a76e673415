import { rmSync, writeFileSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CfnResource, Stack as CdkStack } from 'aws-cdk-lib'
import { CfnFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { Duration } from 'aws-cdk-lib'
import { describe, expect, it } from 'vitest'
import { startTemplate } from '../../../src/template-runner/run-template.ts'
import { appInto, functionOf, run, synthesize, tempFolder } from '../support/fixture.ts'

const nothing = 'export const handler = async () => null'
const start = async (build: (stack: CdkStack) => void): Promise<unknown> =>
  startTemplate({ cdkOut: synthesize(build) })

describe('a cloud assembly', () => {
  it('must be there', async () => {
    await expect(startTemplate({ cdkOut: tempFolder() })).rejects.toThrow(
      /manifest\.json.*run `cdk synth` first/,
    )
  })

  it('with several stacks needs to be told which one', async () => {
    const outdir = tempFolder()
    const app = appInto(outdir)
    for (const name of ['One', 'Two']) new Queue(new CdkStack(app, name), 'Queue')
    app.synth()
    await expect(startTemplate({ cdkOut: outdir })).rejects.toThrow('several stacks (One, Two)')
    const running = await startTemplate({ cdkOut: outdir, stack: 'Two' })
    expect(Object.values(running.queueUrls)[0]).toMatch(/\/Two-Queue/)
    await running.stop()
  })

  it('whose asset is gone is refused', async () => {
    const folder = synthesize((stack) => functionOf(stack, 'Fn', nothing))
    const asset = readdirSync(folder).find((name) => name.startsWith('asset.'))!
    rmSync(join(folder, asset), { recursive: true })
    await expect(startTemplate({ cdkOut: folder })).rejects.toThrow('synthesize again')
  })

  it('with a section that is not understood is refused', async () => {
    const folder = synthesize((stack) => new Queue(stack, 'Queue'))
    const file = join(folder, 'Test.template.json')
    const template = JSON.parse(readFileSync(file, 'utf8')) as object
    writeFileSync(file, JSON.stringify({ ...template, Transform: 'AWS::Serverless-2016-10-31' }))
    await expect(startTemplate({ cdkOut: folder })).rejects.toThrow('Transform is not understood')
  })
})

describe('a resource', () => {
  it('of an unknown type is refused, all of them at once', async () => {
    const build = (stack: CdkStack): void => {
      new Bucket(stack, 'Bucket')
      new CfnResource(stack, 'Thing', { type: 'AWS::Odd::Thing' })
    }
    await expect(start(build)).rejects.toThrow(/Bucket\w* \(AWS::S3::Bucket\), Thing \(AWS::Odd::Thing\)/)
  })

  it('of a type without effect here is accepted', async () => {
    const running = await run((stack) => new LogGroup(stack, 'Group'))
    expect(running.warnings).toEqual([])
  })

  it('with a property that is not understood is served, and the property is listed', async () => {
    const running = await run((stack) => {
      const queue = new Queue(stack, 'Queue')
      const resource = queue.node.defaultChild as CfnResource
      resource.addPropertyOverride('Colour', 'blue')
    })
    expect(running.warnings).toEqual([
      expect.stringMatching(/^AWS::SQS::Queue Queue\w+\.Colour is not understood and has no effect here/),
    ])
  })
})

describe('what AWS would refuse to deploy is refused', () => {
  it.each<[string, (stack: CdkStack) => void, RegExp]>([
    [
      'a variable that Lambda reserves',
      (stack) => {
        const fn = functionOf(stack, 'Fn', nothing)
        const resource = fn.node.defaultChild as CfnFunction
        resource.addPropertyOverride('Environment.Variables.AWS_REGION', 'eu-west-1')
      },
      /Lambda reserves the variable AWS_REGION/,
    ],
    [
      'more than 4 KB of variables',
      (stack) => functionOf(stack, 'Fn', nothing, { environment: { LONG: 'x'.repeat(4096) } }),
      /its variables take 4100 bytes; Lambda allows 4096/,
    ],
    [
      'a handler that is not in the asset',
      (stack) => functionOf(stack, 'Fn', nothing, { handler: 'other.handler' }),
      /Handler is "other\.handler", but .* has no such module/,
    ],
    [
      'an event source whose role may not receive',
      (stack) => {
        const fn = functionOf(stack, 'Fn', nothing)
        const queue = new Queue(stack, 'Queue', { visibilityTimeout: Duration.minutes(2) })
        new CfnResource(stack, 'Mapping', {
          type: 'AWS::Lambda::EventSourceMapping',
          properties: { EventSourceArn: queue.queueArn, FunctionName: fn.functionName },
        })
      },
      /the role of Fn\w+ does not allow sqs:ReceiveMessage on arn:aws:sqs:/,
    ],
    [
      'a visibility timeout below the timeout of the function',
      (stack) => {
        const queue = new Queue(stack, 'Queue', { visibilityTimeout: Duration.seconds(5) })
        functionOf(stack, 'Fn', nothing).addEventSource(new SqsEventSource(queue))
      },
      /visibility timeout, 5000 ms, is less than the timeout of Fn\w+, 20000 ms/,
    ],
    [
      'a FIFO queue for failed asynchronous invocations',
      (stack) => {
        const queue = new Queue(stack, 'Queue', { fifo: true })
        functionOf(stack, 'Fn', nothing).configureAsyncInvoke({ onFailure: new SqsDestination(queue) })
      },
      /is a FIFO queue; only a standard one may be used/,
    ],
    [
      'a runtime that cannot be run',
      (stack) => functionOf(stack, 'Fn', nothing, { runtime: Runtime.PYTHON_3_13 }),
      /runtime python3\.13 cannot be run here/,
    ],
  ])('%s', async (_name, build, message) => {
    await expect(start(build)).rejects.toThrow(message)
  })
})
