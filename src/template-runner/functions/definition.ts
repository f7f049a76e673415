import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TemplateError } from '../template-error.ts'
import type { Properties } from '../template/properties.ts'
import type { Stack, StackResource } from '../template/stack.ts'

/** What the template says of one function. */
export interface FunctionDefinition {
  readonly id: string
  readonly name: string
  readonly arn: string
  readonly roleArn: string
  /** The module that is imported. */
  readonly file: string
  readonly exportName: string
  readonly handler: string
  readonly runtime: string
  readonly memoryMb: number
  readonly timeoutMs: number
  /** As on AWS: nothing is localized. */
  readonly variables: Readonly<Record<string, string>>
  readonly reservedConcurrency: number | undefined
  /** Where asynchronous invocations go that failed for good: `DeadLetterConfig`. */
  readonly deadLetterArn: string | undefined
}

/** Names that Lambda does not let a function set. Source: Lambda developer guide, page configuration-envvars. */
const reservedVariables =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_DEFAULT_REGION|AWS_REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_.+|AWS_ACCESS_KEY|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/

/** Of all names and values together. Source: Lambda developer guide, page gettingstarted-limits. */
const MAX_VARIABLES_BYTES = 4096

export function readFunctions(stack: Stack): readonly FunctionDefinition[] {
  return stack.ofType('AWS::Lambda::Function').map((resource) => readFunction(stack, resource))
}

function readFunction(stack: Stack, resource: StackResource): FunctionDefinition {
  const properties = stack.open(resource)
  properties.noEffect(
    'Architectures',
    'Description',
    'EphemeralStorage',
    'FunctionName',
    'KmsKeyArn',
    'LoggingConfig',
  )
  properties.noEffect('RuntimeManagementConfig', 'Tags', 'TracingConfig', 'RecursiveLoop')
  properties.refuse(['Layers'], 'layers are not served here')
  properties.refuse(['FileSystemConfigs'], 'file systems are not served here')
  properties.refuse(['VpcConfig'], 'there are no networks here')
  properties.refuse(['PackageType', 'ImageConfig'], 'only zip packages are run here')
  const { file, exportName, handler } = readCode(stack, properties)
  const definition = {
    id: resource.id,
    name: stack.ref(resource.id),
    arn: stack.arn(resource.id),
    roleArn: properties.requiredText('Role'),
    file,
    exportName,
    handler,
    runtime: readRuntime(stack, properties),
    memoryMb: properties.number('MemorySize') ?? 128,
    timeoutMs: (properties.number('Timeout') ?? 3) * 1000,
    variables: readVariables(properties),
    reservedConcurrency: properties.number('ReservedConcurrentExecutions'),
    deadLetterArn: properties.object('DeadLetterConfig')?.text('TargetArn'),
  }
  properties.warnAboutRest()
  return definition
}

function readRuntime(stack: Stack, properties: Properties): string {
  const runtime = properties.requiredText('Runtime')
  const [, major] = /^nodejs(\d+)\.x$/.exec(runtime) ?? []
  if (major === undefined)
    throw new TemplateError(`${properties.where}: runtime ${runtime} cannot be run here`)
  if (!process.version.startsWith(`v${major}.`)) {
    stack.warn(`functions with runtime ${runtime} run on Node ${process.version} here`)
  }
  return runtime
}

function readCode(
  stack: Stack,
  properties: Properties,
): Pick<FunctionDefinition, 'file' | 'exportName' | 'handler'> {
  const code = properties.object('Code')
  code?.noEffect('S3Bucket')
  const key = code?.text('S3Key')
  if (key === undefined) {
    throw new TemplateError(
      `${properties.where}: only code from an asset is run here (Code.fromAsset of a folder)`,
    )
  }
  const handler = properties.requiredText('Handler')
  const dot = handler.lastIndexOf('.')
  const [module, exportName] = [handler.slice(0, dot), handler.slice(dot + 1)]
  const folder = stack.assetFolder(key)
  const file = ['.mjs', '.js', '.cjs'].map((suffix) => join(folder, module + suffix)).find(existsSync)
  if (dot < 1 || file === undefined) {
    throw new TemplateError(`${properties.where}: Handler is "${handler}", but ${folder} has no such module`)
  }
  return { file, exportName, handler }
}

function readVariables(properties: Properties): Record<string, string> {
  const given = properties.object('Environment')?.raw('Variables') ?? {}
  const variables = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, asText(name, value)]),
  )
  let bytes = 0
  for (const [name, value] of Object.entries(variables)) {
    if (reservedVariables.test(name))
      throw new TemplateError(`${properties.where}: Lambda reserves the variable ${name}`)
    if (!/^[a-zA-Z]\w+$/.test(name))
      throw new TemplateError(`${properties.where}: Lambda takes no variable "${name}"`)
    if (value.includes('{{resolve:')) {
      throw new TemplateError(`${properties.where}: the dynamic reference in ${name} is not understood`)
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (bytes > MAX_VARIABLES_BYTES) {
    throw new TemplateError(
      `${properties.where}: its variables take ${bytes} bytes; Lambda allows ${MAX_VARIABLES_BYTES}`,
    )
  }
  return variables
}

function asText(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TemplateError(`the environment variable ${name} is ${JSON.stringify(value)}, no text`)
}
