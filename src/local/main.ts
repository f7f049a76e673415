/** `npm start`: the embedded server as a process. */
import { resolve } from 'node:path'
import { pino } from 'pino'
import { startServer } from './server.ts'
import { readSettings, SettingError, type Settings } from './settings.ts'

const EXIT_USAGE = 2

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const logger = pino({
    level: settings.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  })
  const server = await startServer(settings, logger)
  process.stderr.write(banner(settings, server.httpUrl, server.wsUrl))
  const shutDown = (): void => {
    // A second signal finds Node's own handling again and ends the process at once.
    process.removeListener('SIGTERM', shutDown).removeListener('SIGINT', shutDown)
    void server.stop().then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', shutDown).on('SIGINT', shutDown)
}

/** On stderr: stdout holds the log, one JSON object a line. */
function banner(settings: Settings, httpUrl: string, wsUrl: string): string {
  const fanout = `${environmentFor(settings)}npm run -s fanout --`
  const ws = wsUrl === 'ws://127.0.0.1:3001' ? '' : ` --url ${wsUrl}`
  const http = httpUrl === 'http://127.0.0.1:3000' ? '' : ` --url ${httpUrl}`
  const event = `{"type":"SESSION_COMPLETED","timestamp":'$(date +%s000)',"sessionId":"s-1","trainerId":"trainer-1","studentId":"student-1"}`
  return `
event-fanout is serving
  HTTP       ${httpUrl}
  WebSocket  ${wsUrl}
  data       ${settings.dataDir}

Three commands to try, each in a terminal of its own:
  ${fanout} tail --user trainer-1${ws}
  ${fanout} tail --user student-1${ws}
  ${fanout} emit${http} '${event}'

`
}

/** What the commands need to sign tokens as this server expects them. A configured secret is not printed. */
function environmentFor({ dataDir, keys }: Settings): string {
  if (keys !== 'generated') return 'secret' in keys ? 'JWT_SECRET=… ' : 'FANOUT_TOKEN=… '
  return dataDir === resolve('.data') ? '' : `DATA_DIR=${dataDir} `
}

function fail(error: unknown): never {
  const known = error instanceof SettingError || (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  const text =
    error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error)
  process.stderr.write(`event-fanout: ${text}\n`)
  process.exit(known ? EXIT_USAGE : 1)
}

main().catch(fail)
