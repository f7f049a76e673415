import { ApiServers } from './api-servers.ts'
import { readApis } from './apis/api-definition.ts'
import { startEngines } from './engines/engines.ts'
import type { EventEntry, PutEventsResult } from './events/event-bus.ts'
import { startEventBusServer } from './events/event-bus-server.ts'
import type { FunctionLogs } from './functions/function-logs.ts'
import { Recording, type Trigger } from './invocation.ts'
import { type TemplateOptions, settle } from './options.ts'
import { type Ground, type Parts, apiOf, assemble } from './parts.ts'
import type { Faults } from './recorder/faults.ts'
import { TemplateError } from './template-error.ts'
import { localize } from './template/localize.ts'
import { readStack } from './template/stack.ts'

export type { EventEntry, PutEventsResult } from './events/event-bus.ts'
export type { Faults } from './recorder/faults.ts'
export type { TemplateOptions } from './options.ts'
export { TemplateError } from './template-error.ts'

/** A stack that is served on this machine. */
export interface RunningTemplate {
  /** Of the HTTP API; empty if the template has none. */
  readonly httpUrl: string
  /** Of the WebSocket API, with its stage; empty if the template has none. */
  readonly wsUrl: string
  /** By the queues' logical ids; for the SDK, with `endpoints.sqs`. */
  readonly queueUrls: Readonly<Record<string, string>>
  /** By the tables' logical ids. */
  readonly tableNames: Readonly<Record<string, string>>
  /** Values by the secrets' logical ids, or ARNs of those that the template only names. */
  readonly secrets: Readonly<Record<string, string>>
  /** The template's outputs, with local addresses. */
  readonly outputs: Readonly<Record<string, string>>
  /** For the SDK's `endpoint`. Calls that do not come from a function are recorded too, under their access key id. */
  readonly endpoints: Readonly<
    Record<'dynamodb' | 'sqs' | 'secretsManager' | 'connections' | 'eventBridge', string>
  >
  readonly recording: Recording
  /** What functions wrote. */
  readonly logs: FunctionLogs
  /** What of the template is not understood and may matter on AWS. */
  readonly warnings: readonly string[]
  readonly faults: Faults
  putEvents(entries: readonly EventEntry[]): Promise<PutEventsResult>
  /**
   * Runs one function and waits for its result.
   *
   * @param name logical id, name or ARN
   * @throws FunctionError for whatever the function did wrong
   */
  invoke(name: string, event: unknown, trigger?: Trigger): Promise<unknown>
  /** Resolves when no asynchronous invocation is under way, retries included. */
  asyncIdle(): Promise<void>
  /** Lets what is under way end, then ends everything. Idempotent. */
  stop(): Promise<void>
}

/**
 * Serves the stack in a cloud assembly.
 *
 * @throws TemplateError for what is not understood, and for what AWS would refuse to deploy
 */
export async function startTemplate(options: TemplateOptions = {}): Promise<RunningTemplate> {
  const settings = settle(options)
  const stack = readStack(settings.cdkOut, settings.stack)
  const apis = readApis(stack)
  const recording = new Recording(settings.keep)
  const servers = new ApiServers()
  const [http, ws] = [apiOf(apis, 'HTTP'), apiOf(apis, 'WEBSOCKET')]
  const gatewayUrl = (): string => servers.connectionsUrl
  const engines = await startEngines({ stack, settings, recording, apiId: ws?.apiId ?? '', gatewayUrl })
  try {
    await servers.listen({ http: http && settings.port, ws: ws && settings.wsPort, host: settings.host })
    return await serve({ settings, stack, apis, recording, servers, engines })
  } catch (error) {
    await servers.stop()
    await engines.stop()
    throw error
  }
}

async function serve(ground: Ground): Promise<RunningTemplate> {
  const parts = assemble(ground)
  const { functions, bus, invoker, logs, pollers } = parts
  const eventServer = await startEventBusServer(bus)
  for (const text of ground.stack.warnings) ground.settings.log.warn({}, text)
  for (const poller of pollers) poller.start()
  let stopping: Promise<void> | undefined
  return {
    ...describe(ground, parts, eventServer.url),
    recording: ground.recording,
    logs,
    faults: ground.settings.faults,
    putEvents: async (entries) => bus.put(entries),
    invoke: async (name, event, trigger = 'async') => {
      const id = functions.find(name)?.id
      if (id === undefined) throw new TemplateError(`there is no function ${name}`)
      return functions.invoke(id, event, { trigger })
    },
    asyncIdle: async () => invoker.idle(),
    stop: async () => (stopping ??= stop(ground, parts, eventServer)),
  }
}

/** From where requests come to where they end, so that each finds what it needs until it is done. */
async function stop(
  { servers, engines }: Ground,
  { functions, invoker, pollers, sender }: Parts,
  eventServer: { stop(): Promise<void> },
): Promise<void> {
  await eventServer.stop()
  await servers.stop()
  await Promise.all(pollers.map(async (poller) => poller.stop()))
  await invoker.stop()
  sender.close()
  await functions.stop()
  await engines.stop()
}

type Described =
  'httpUrl' | 'wsUrl' | 'queueUrls' | 'tableNames' | 'secrets' | 'outputs' | 'endpoints' | 'warnings'

function describe(
  { stack, apis, servers, engines }: Ground,
  { addresses }: Parts,
  eventBridge: string,
): Pick<RunningTemplate, Described> {
  const local = (id: string): string => localize(stack.ref(id), addresses)
  const stage = apiOf(apis, 'WEBSOCKET')?.stage.name ?? ''
  const tables = stack.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')
  const outputs = Object.entries(stack.outputs)
  const { dynamodb, sqs, secretsManager, connections } = engines
  return {
    httpUrl: servers.httpHost === undefined ? '' : `http://${servers.httpHost}`,
    wsUrl: servers.wsHost === undefined ? '' : `ws://${servers.wsHost}/${stage}`,
    queueUrls: Object.fromEntries(stack.ofType('AWS::SQS::Queue').map(({ id }) => [id, local(id)])),
    tableNames: Object.fromEntries(tables.map(({ id }) => [id, stack.ref(id)])),
    secrets: Object.fromEntries(engines.secrets.map(({ id, value }) => [id, value])),
    outputs: Object.fromEntries(outputs.map(([name, value]) => [name, localize(value, addresses)])),
    endpoints: { dynamodb, sqs, secretsManager, connections, eventBridge },
    warnings: stack.warnings,
  }
}
