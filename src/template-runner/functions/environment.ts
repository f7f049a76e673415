import { dirname } from 'node:path'
import { type LocalAddress, localize } from '../template/localize.ts'
import type { FunctionDefinition } from './definition.ts'

export interface LocalEndpoints {
  readonly dynamodb: string
  readonly sqs: string
  readonly secretsManager: string
  /** Of every other service: refuses. */
  readonly unserved: string
}

/**
 * The environment of a function: the template's variables, with local addresses, and what Lambda adds (Lambda developer
 * guide, page configuration-envvars). Nothing of this process's own.
 */
export function environmentOf(
  definition: FunctionDefinition,
  region: string,
  endpoints: LocalEndpoints,
  addresses: readonly LocalAddress[],
): Record<string, string> {
  const { id, name, memoryMb, handler, runtime, variables, file } = definition
  const localized = Object.entries(variables).map(
    ([key, value]) => [key, localize(value, addresses)] as const,
  )
  const taskRoot = dirname(file)
  return {
    ...Object.fromEntries(localized),
    _HANDLER: handler,
    // The recorder knows the caller by it.
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoints.unserved,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    // The user's own profiles must not reach a function, nor a function the user's account.
    AWS_CONFIG_FILE: `${taskRoot}/.aws-config`,
    AWS_SHARED_CREDENTIALS_FILE: `${taskRoot}/.aws-credentials`,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The runner itself warns if this Node is not the template's; the SDK would once in every instance.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: taskRoot,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  }
}

/** Variables that still point to AWS: a function that uses them would leave this machine. */
export function strayVariables(
  definition: FunctionDefinition,
  addresses: readonly LocalAddress[],
): readonly string[] {
  return Object.entries(definition.variables)
    .filter(([, value]) => /^(https?|wss?):\/\/[^/]*\.amazonaws\.com/.test(localize(value, addresses)))
    .map(([name, value]) => `${definition.id}: ${name} is ${value}, which is not served here`)
}
