import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, CfnResource, Duration, Stack } from 'aws-cdk-lib'
import { Code, Function, type FunctionProps, Runtime } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import { onTestFinished } from 'vitest'
import {
  type RunningTemplate,
  type TemplateOptions,
  startTemplate,
} from '../../../src/template-runner/run-template.ts'
import type { RunnerLog } from '../../../src/template-runner/runner-log.ts'

/** A folder of this test's own. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'template-runner-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** Where a package is, for functions, whose folders have no `node_modules`. */
export function moduleUrl(name: string): string {
  return import.meta.resolve(name)
}

/** A function whose module is `source`, an ES module that exports `handler`; as CDK's, but with less to write. */
export function functionOf(
  scope: Construct,
  id: string,
  source: string,
  props: Partial<FunctionProps> & { readonly file?: string } = {},
): Function {
  const folder = tempFolder()
  writeFileSync(join(folder, props.file ?? 'index.mjs'), source)
  return new Function(scope, id, {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(folder),
    timeout: Duration.seconds(20),
    ...props,
  })
}

/**
 * An app without CDK's validation of templates: starting that takes some 7 s of a CPU in each process, and what is tested
 * here is what the runner makes of a template.
 */
export function appInto(outdir: string): App {
  return new App({
    outdir,
    analyticsReporting: false,
    treeMetadata: false,
    builtinCloudFormationValidation: false,
  })
}

/** Synthesizes a stack into a folder of its own. */
export function synthesize(build: (stack: Stack) => void): string {
  const outdir = tempFolder()
  const app = appInto(outdir)
  build(new Stack(app, 'Test'))
  app.synth()
  return outdir
}

export interface LoggedLine {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that can be read. */
export function readableLog(): { log: RunnerLog; lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      lines.push({ level, message, fields: { ...fields } })
    }
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

/** Runs a stack until the test is over. */
export async function run(
  build: (stack: Stack) => void,
  options: Omit<TemplateOptions, 'cdkOut'> = {},
): Promise<RunningTemplate> {
  const running = await startTemplate({ ...options, cdkOut: synthesize(build) })
  onTestFinished(async () => running.stop())
  return running
}

/** What CDK made of the constructs so far, by type. */
export function resourcesOf(scope: Construct, type: string): CfnResource[] {
  return scope.node
    .findAll()
    .filter((one) => CfnResource.isCfnResource(one))
    .filter(({ cfnResourceType }) => cfnResourceType === type)
}

/** Leaves resources out of the template. */
export function withhold(resources: readonly CfnResource[]): void {
  if (resources.length === 0) throw new Error('there is nothing to leave out')
  for (const { node } of resources) node.scope?.node.tryRemoveChild(node.id)
}
