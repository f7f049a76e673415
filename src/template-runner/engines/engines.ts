import type { Recording } from '../invocation.ts'
import type { Settings } from '../options.ts'
import { Recorder } from '../recorder/recorder.ts'
import { startUnserved } from '../recorder/unserved.ts'
import { type Wire, connectionsWire, dynamoDbWire, secretsWire, sqsWire } from '../recorder/wire.ts'
import type { Stack } from '../template/stack.ts'
import { startDynamoDb } from './dynamodb.ts'
import { type Secret, findSecret, startSecrets } from './secrets.ts'
import { startSqs } from './sqs.ts'

/** Everything that functions reach over the network, each behind its recorder. */
export interface Engines {
  readonly dynamodb: string
  readonly sqs: string
  readonly secretsManager: string
  /** `@connections` of the WebSocket API, without its stage. */
  readonly connections: string
  readonly unserved: string
  readonly secrets: readonly Secret[]
  /** Where a queue is on this machine, by the queue's name. */
  queueUrl(name: string): string
  stop(): Promise<void>
}

export interface EngineParts {
  readonly stack: Stack
  readonly settings: Settings
  readonly recording: Recording
  /** Of the WebSocket API; there is only one. */
  readonly apiId: string
  /** Where the gateway answers `@connections`. */
  readonly gatewayUrl: () => string
}

/** What was started, so that all of it ends, also when what comes next does not start. */
type Stops = (() => Promise<void>)[]

export async function startEngines(parts: EngineParts): Promise<Engines> {
  const stops: Stops = []
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    return { ...(await start(parts, stops)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(parts: EngineParts, stops: Stops): Promise<Omit<Engines, 'stop'>> {
  const { stack, settings, apiId, gatewayUrl } = parts
  const place = stack.surroundings
  const started = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting
    stops.push(async () => one.stop())
    return one
  }
  const record = async (wire: Wire, upstream: () => string): Promise<Recorder> =>
    started(recorderOf(parts, wire, upstream).start())

  const dynamodb = await started(startDynamoDb(stack))
  const queues = await started(startSqs(stack))
  const { url: secretsUrl, secrets } = await started(startSecrets(stack, settings.secrets))
  const unserved = await started(startUnserved(settings.log))
  const queueUrl = (name: string): string => `${sqs.url}/${place.account}/${name}`
  const sqs: Recorder = await record(
    sqsWire(place, { toEngine: (name) => queues.urlOf(name), toCaller: queueUrl }),
    () => queues.url,
  )
  return {
    dynamodb: (await record(dynamoDbWire(place), () => dynamodb.url)).url,
    sqs: sqs.url,
    secretsManager: (
      await record(
        secretsWire((id) => findSecret(secrets, id)?.arn ?? id),
        () => secretsUrl,
      )
    ).url,
    connections: (await record(connectionsWire(place, apiId), gatewayUrl)).url,
    unserved: unserved.url,
    secrets,
    queueUrl,
  }
}

function recorderOf(
  { settings: { faults, log }, recording }: EngineParts,
  wire: Wire,
  upstream: () => string,
): Recorder {
  return new Recorder({ wire, upstream, recording, faults, log })
}
