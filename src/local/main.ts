/** `npm start`: the embedded server as a process. */
import { resolve } from 'node:path'
import { shown } from '../bridge/redis/address.ts'
import { LogLines } from '../process/log-lines.ts'
import { createLogger } from '../process/logger.ts'
import { onShutdown } from '../process/shutdown.ts'
import { SettingError } from '../process/settings.ts'
import { startServer } from './server.ts'
import { readSettings, type Settings } from './settings.ts'

const EXIT_USAGE = 2

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const lines = new LogLines()
  const logger = createLogger(settings.logLevel, lines)
  const starting = startServer(settings, logger)
  // Before anybody can know that the server is up, and send a signal.
  onShutdown(() => {
    void starting
      .then(async (server) => server.stop())
      .then(async () => lines.end())
      .then(() => process.exit(0), fail)
  })
  const { httpUrl, wsUrl } = await starting
  process.stderr.write(banner(settings, httpUrl, wsUrl))
}

/** On stderr: stdout holds the log, one JSON object a line. */
function banner(settings: Settings, httpUrl: string, wsUrl: string): string {
  const fanout = `${environmentFor(settings)}npm run -s fanout --`
  const ws = wsUrl === 'ws://127.0.0.1:3001' ? '' : ` --url ${wsUrl}`
  const http = httpUrl === 'http://127.0.0.1:3000' ? '' : ` --url ${httpUrl}`
  const event = `{"type":"SESSION_COMPLETED","timestamp":'$(date +%s000)',"sessionId":"s-1","trainerId":"trainer-1","studentId":"student-1"}`
  return `
event-fanout is serving
${settings.console ? `  console    ${httpUrl}/\n` : ''}  HTTP       ${httpUrl}
  WebSocket  ${wsUrl}
  data       ${settings.dataDir}
${redisLine(settings)}
Three commands to try, each in a terminal of its own:
  ${fanout} tail --user trainer-1${ws}
  ${fanout} tail --user student-1${ws}
  ${fanout} emit${http} '${event}'

`
}

function redisLine({ bridge }: Settings): string {
  if (bridge === undefined) return ''
  const kind = bridge.from === 'stream' ? 'stream' : 'channel'
  return `  Redis      ${shown(bridge.redis.address)}, ${kind} ${bridge.channel}\n`
}

/** What the commands need to sign tokens as this server expects them. A configured secret is not printed. */
function environmentFor({ dataDir, keys, issuer, audience }: Settings): string {
  if (keys !== 'generated' && 'jwksUrl' in keys) return 'FANOUT_TOKEN=… '
  const claims = [
    issuer === undefined ? '' : `JWT_ISSUER=${quoted(issuer)} `,
    audience === undefined ? '' : `JWT_AUDIENCE=${quoted(audience)} `,
  ].join('')
  if (keys !== 'generated') return `JWT_SECRET=… ${claims}`
  return dataDir === resolve('.data') ? claims : `DATA_DIR=${quoted(dataDir)} ${claims}`
}

/** One word for a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function fail(error: unknown): never {
  const known = error instanceof SettingError
  const text =
    error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`event-fanout: ${text}\n`)
  process.exit(known ? EXIT_USAGE : 1)
}

main().catch(fail)
