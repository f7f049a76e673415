import type { ApiServers } from './api-servers.ts'
import type { ApiDefinition } from './apis/api-definition.ts'
import { serveHttpApi } from './apis/http.ts'
import { serveWebSocketApi } from './apis/websocket.ts'
import { AwsClient } from './aws-client.ts'
import type { Engines } from './engines/engines.ts'
import { readAsyncConfigs } from './events/async-config.ts'
import { AsyncInvoker } from './events/async-invoker.ts'
import { EventBus } from './events/event-bus.ts'
import { QueueSender } from './events/queue-sender.ts'
import { readRules } from './events/rule-definition.ts'
import { type FunctionDefinition, readFunctions } from './functions/definition.ts'
import { environmentOf, strayVariables } from './functions/environment.ts'
import { FunctionLogs } from './functions/function-logs.ts'
import { LambdaFunctions } from './functions/lambda-functions.ts'
import type { Recording } from './invocation.ts'
import type { Settings } from './options.ts'
import { readEventSources } from './queue/event-source.ts'
import { QueuePoller } from './queue/queue-poller.ts'
import { localAddresses } from './template/addresses.ts'
import { LambdaPermissions } from './template/lambda-permissions.ts'
import { type LocalAddress, localize } from './template/localize.ts'
import type { Stack } from './template/stack.ts'

/** What is there before the functions are. */
export interface Ground {
  readonly settings: Settings
  readonly stack: Stack
  readonly apis: readonly ApiDefinition[]
  readonly recording: Recording
  readonly servers: ApiServers
  readonly engines: Engines
}

export interface Parts {
  readonly addresses: readonly LocalAddress[]
  readonly functions: LambdaFunctions
  readonly logs: FunctionLogs
  readonly invoker: AsyncInvoker
  readonly sender: QueueSender
  readonly bus: EventBus
  readonly pollers: readonly QueuePoller[]
}

/** Puts a stack together; the APIs are served from now on, the queues are not polled yet. */
export function assemble(ground: Ground): Parts {
  const { settings, stack, recording, engines } = ground
  const { log, keep, maxInstances, retryDelaysMs } = settings
  const addresses = addressesOf(ground)
  const definitions = readFunctions(stack)
  for (const definition of definitions) {
    for (const text of strayVariables(definition, addresses)) stack.warn(text)
  }
  const logs = new FunctionLogs(log, keep)
  const { region } = stack.surroundings
  const functions = new LambdaFunctions({
    definitions,
    environment: (definition) => environmentOf(definition, region, engines, addresses),
    logs,
    recording,
    maxInstances,
  })
  const permissions = new LambdaPermissions(stack)
  const sender = new QueueSender(stack, () => engines.sqs)
  const configs = readAsyncConfigs(stack, definitions, sender)
  const invoker = new AsyncInvoker({ functions, configs, sender, log, retryDelaysMs })
  const bus = new EventBus({ stack, rules: readRules(stack), permissions, invoker, sender, log })
  const pollers = pollersOf(ground, definitions, functions, addresses)
  serveApis(ground, functions, permissions)
  return { addresses, functions, logs, invoker, sender, bus, pollers }
}

export function apiOf(
  apis: readonly ApiDefinition[],
  protocol: ApiDefinition['protocol'],
): ApiDefinition | undefined {
  return apis.find((api) => api.protocol === protocol)
}

function addressesOf({ stack, engines, servers }: Ground): readonly LocalAddress[] {
  const { httpHost, wsHost } = servers
  return localAddresses(stack, {
    queueUrl: (name) => engines.queueUrl(name),
    connections: engines.connections,
    http: httpHost === undefined ? undefined : `http://${httpHost}`,
    ws: wsHost === undefined ? undefined : `ws://${wsHost}`,
  })
}

function pollersOf(
  { stack, engines, settings }: Ground,
  definitions: readonly FunctionDefinition[],
  functions: LambdaFunctions,
  addresses: readonly LocalAddress[],
): readonly QueuePoller[] {
  const { region } = stack.surroundings
  return readEventSources(stack, definitions).map((source) => {
    const accessKeyId = `runner@${source.functionId}`
    return new QueuePoller({
      source,
      region,
      client: new AwsClient({ url: engines.sqs, service: 'sqs', region, target: 'AmazonSQS', accessKeyId }),
      queueUrl: localize(source.queueUrl, addresses),
      functions,
      log: settings.log,
      maxBatches: settings.maxInstances,
    })
  })
}

function serveApis(
  { apis, servers, stack, settings, recording }: Ground,
  functions: LambdaFunctions,
  permissions: LambdaPermissions,
): void {
  const invoking = { functions, permissions, log: settings.log }
  const http = apiOf(apis, 'HTTP')
  const ws = apiOf(apis, 'WEBSOCKET')
  servers.serve({
    http: http && serveHttpApi(http, invoking),
    ws: ws && serveWebSocketApi(ws, stack.surroundings, invoking, recording),
  })
}
