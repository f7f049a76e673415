import { Duration } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { bundleOf } from './bundles.ts'
import { FUNCTION_NAMES, type FunctionName, FUNCTIONS } from './function-settings.ts'
import type { Settings } from './settings.ts'

export type Functions = Readonly<Record<FunctionName, LambdaFunction>>

/** The functions, each with a role and a log group of its own. What they may do is added by the resources' `allow`. */
export function createFunctions(scope: Construct, settings: Settings): Functions {
  const created = FUNCTION_NAMES.map((name) => [name, createFunction(scope, name, settings)] as const)
  return Object.fromEntries(created) as Record<FunctionName, LambdaFunction>
}

function createFunction(scope: Construct, name: FunctionName, settings: Settings): LambdaFunction {
  const parts = new Construct(scope, name)
  const { description, timeoutSeconds, memoryMiB } = FUNCTIONS[name]
  const { logLevel, logRetention, removalPolicy, memorySizes } = settings
  const logGroup = new LogGroup(parts, 'Logs', { retention: logRetention, removalPolicy })
  return new LambdaFunction(parts, 'Function', {
    description,
    code: Code.fromAsset(bundleOf(name)),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    timeout: Duration.seconds(timeoutSeconds),
    memorySize: memorySizes[name] ?? memoryMiB,
    environment: { LOG_LEVEL: logLevel, NODE_OPTIONS: '--enable-source-maps' },
    role: createRole(parts, name, logGroup),
    logGroup,
    ...loggingFor(logLevel),
  })
}

/** AWSLambdaBasicExecutionRole could create and write every log group of the account; this can write one. */
function createRole(scope: Construct, name: FunctionName, logGroup: LogGroup): Role {
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: `Role of the function ${name}`,
  })
  role.addToPolicy(
    new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  )
  return role
}

/**
 * In the JSON format Lambda filters by level, too. It takes a line whose `level` it does not know for INFO (Lambda
 * developer guide, page monitoring-cloudwatchlogs-log-level), so a filter there would drop warnings; the function's
 * own LOG_LEVEL is the one that counts. Lambda's START and REPORT lines would be most of the log's cost: they come
 * with `debug`, failures and timeouts always.
 */
function loggingFor(logLevel: Settings['logLevel']) {
  return {
    loggingFormat: LoggingFormat.JSON,
    applicationLogLevelV2: ApplicationLogLevel.TRACE,
    systemLogLevelV2: logLevel === 'debug' ? SystemLogLevel.INFO : SystemLogLevel.WARN,
  }
}

/** Adds a statement and the variable by which the function finds the resource: neither is of use without the other. */
export function bind(
  to: LambdaFunction,
  environment: Readonly<Record<string, string>>,
  actions: readonly string[],
  resources: readonly string[],
): void {
  for (const [name, value] of Object.entries(environment)) to.addEnvironment(name, value)
  to.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }))
}
