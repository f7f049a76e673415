import { readFile } from 'node:fs/promises'
import { httpTarget } from '../../bridge/targets/http-target.ts'
import { queueTarget } from '../../bridge/targets/queue-target.ts'
import type { Target } from '../../bridge/targets/target.ts'
import type { EventQueue } from '../../core/ports.ts'
import { variable } from '../environment.ts'
import { CliError } from '../errors.ts'
import { publisherToken } from '../tokens.ts'
import type { TargetOptions } from './options.ts'

/** @throws CliError */
export async function targetFrom({ to, queue, tokenFile }: TargetOptions): Promise<Target> {
  const queueUrl = queue ?? (to === undefined ? variable('EVENTS_QUEUE_URL') : undefined)
  if (queueUrl !== undefined && to !== undefined) throw new CliError('give --to or --queue, not both')
  if (queue === undefined && queueUrl !== undefined && variable('FANOUT_HTTP_URL') !== undefined) {
    throw new CliError('EVENTS_QUEUE_URL and FANOUT_HTTP_URL are both set; keep one, or say --to or --queue')
  }
  if (queueUrl !== undefined) return queueTarget(nameOf(queueUrl), await sqsQueue(queueUrl))
  const getToken = tokenSource(tokenFile ?? variable('FANOUT_TOKEN_FILE'))
  // Now, and not at the first event: what is wrong with it should end the start.
  await getToken({ renew: false })
  const httpUrl = to ?? variable('FANOUT_HTTP_URL') ?? 'http://127.0.0.1:3000'
  try {
    return httpTarget({ httpUrl, getToken })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CliError(
      `${to === undefined ? 'FANOUT_HTTP_URL' : '--to'} cannot be used: ${error.message.replaceAll('httpUrl', 'it')}`,
    )
  }
}

/** Two tenths of the life of a token that is made here. In milliseconds. */
const KEEP = 60_000

type GetToken = (hint: { readonly renew: boolean }) => Promise<string>

function tokenSource(file: string | undefined): GetToken {
  if (file !== undefined) return async () => fromFile(file)
  let kept: { readonly token: string; readonly until: number } | undefined
  return async ({ renew }) => {
    if (renew || kept === undefined || kept.until < Date.now()) {
      kept = { token: await publisherToken(undefined), until: Date.now() + KEEP }
    }
    return kept.token
  }
}

/** Read each time: whoever renews the token writes it there. */
async function fromFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError(`the token file ${file} cannot be read: ${(error as Error).message}`)
  })
  const token = text.trim()
  if (/^[!-~]+$/.test(token)) return token
  throw new CliError(
    `the token file ${file} ${token === '' ? 'is empty' : 'holds more than a token'}; it must hold a JSON Web Token`,
  )
}

const QUEUE_URL = /^https?:\/\/[^/]+\/[^/]+\/([\w-]+\.fifo)$/

function nameOf(queueUrl: string): string {
  const [, name] = QUEUE_URL.exec(queueUrl) ?? []
  if (name !== undefined) return `the queue ${name}`
  throw new CliError(
    `--queue is "${queueUrl}"; the URL of a FIFO queue looks like https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo`,
  )
}

async function sqsQueue(queueUrl: string): Promise<EventQueue> {
  const [, region] = /^https:\/\/sqs\.([a-z\d-]+)\.amazonaws\.com/.exec(queueUrl) ?? []
  try {
    const { createQueueClient } = await import('../../aws/clients/queues.ts')
    const { SqsEventQueue } = await import('../../aws/sqs-event-queue.ts')
    const client = createQueueClient(region)
    // By itself the SDK takes the host of the queue's URL, whatever the environment says.
    if (isEndpointSet()) client.middlewareStack.remove('queueUrlMiddleware')
    await client.config.region().catch(() => {
      throw new CliError(`the URL ${queueUrl} does not say in which region the queue is; set AWS_REGION`)
    })
    return new SqsEventQueue({ client, queueUrl, strict: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new CliError(
      'the AWS SDK is not installed; "npm install @aws-sdk/client-sqs" where event-fanout is installed',
    )
  }
}

/** As with LocalStack. */
function isEndpointSet(): boolean {
  return (variable('AWS_ENDPOINT_URL_SQS') ?? variable('AWS_ENDPOINT_URL')) !== undefined
}
