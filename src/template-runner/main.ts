/** `npm run start:aws`: the synthesized template, served on this machine. */
import { LogLines } from '../process/log-lines.ts'
import { createLogger } from '../process/logger.ts'
import { logLevelOf, SettingError } from '../process/settings.ts'
import { onShutdown } from '../process/shutdown.ts'
import { type RunningTemplate, TemplateError, type TemplateOptions, startTemplate } from './run-template.ts'

const EXIT_USAGE = 2

/** Of calls, invocations and lines: for a look at what just happened, not for a day's. */
const KEEP = 10_000

async function main(): Promise<void> {
  const options = readOptions(process.env)
  const lines = new LogLines()
  const log = createLogger(logLevelOf(process.env), lines)
  const starting = startTemplate({ ...options, log, keep: KEEP })
  // Before anybody can know that it is up, and send a signal.
  onShutdown(() => {
    log.info({}, 'stopping')
    void starting
      .then(async (running) => running.stop())
      .then(async () => {
        log.info({}, 'stopped')
        await lines.end()
        process.exit(0)
      })
      .catch(fail)
  })
  const running = await starting
  log.info({ httpUrl: running.httpUrl, wsUrl: running.wsUrl }, 'serving')
  process.stderr.write(banner(running, options.secrets === undefined))
}

/** @throws TemplateError naming the variable that cannot be used */
function readOptions(env: NodeJS.ProcessEnv): TemplateOptions {
  const { CDK_OUT: cdkOut, CDK_STACK: stack, HOST: host, JWT_SECRET: secret } = env
  return {
    port: readPort(env, 'PORT', 3000),
    wsPort: readPort(env, 'WS_PORT', 3001),
    ...(cdkOut !== undefined && { cdkOut }),
    ...(stack !== undefined && { stack }),
    ...(host !== undefined && { host }),
    ...(secret !== undefined && { secrets: secret }),
  }
}

function readPort(env: NodeJS.ProcessEnv, name: string, standard: number): number {
  const text = env[name] ?? String(standard)
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new TemplateError(`${name} is "${text}"; give a port, 0 to 65535 (0: any free one)`)
}

/** On stderr: stdout holds the log, one JSON object a line. */
function banner(
  { httpUrl, wsUrl, endpoints, queueUrls, tableNames, secrets }: RunningTemplate,
  showSecrets: boolean,
): string {
  const aws = 'AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 aws'
  const [table] = Object.values(tableNames)
  const [queue] = Object.values(queueUrls)
  const commands = [
    table !== undefined && `${aws} dynamodb scan --endpoint-url ${endpoints.dynamodb} --table-name ${table}`,
    queue !== undefined &&
      `${aws} sqs get-queue-attributes --endpoint-url ${endpoints.sqs} --queue-url ${queue} --attribute-names All`,
    showSecrets &&
      Object.keys(secrets).length > 0 &&
      `the secrets: ${Object.entries(secrets)
        .map(([id, value]) => `${id}=${value}`)
        .join(' ')}`,
  ]
  return `
the template is served
  HTTP             ${httpUrl}
  WebSocket        ${wsUrl}
  DynamoDB         ${endpoints.dynamodb}
  SQS              ${endpoints.sqs}
  Secrets Manager  ${endpoints.secretsManager}
  EventBridge      ${endpoints.eventBridge}

To look in:
${commands
  .filter((command) => typeof command === 'string' && command !== '')
  .map((command) => `  ${String(command)}\n`)
  .join('')}
`
}

function fail(error: unknown): never {
  const isKnown = error instanceof TemplateError || error instanceof SettingError
  const text =
    error instanceof Error ? (isKnown ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`template runner: ${text}\n`)
  process.exit(isKnown ? EXIT_USAGE : 1)
}

main().catch(fail)
