import { randomBytes } from 'node:crypto'
import type { BridgeSettings } from '../../bridge/settings.ts'
import { httpUrl, socketUrl } from '../address.ts'
import { bridgeSettings } from '../bridge/options.ts'
import { parseDuration } from '../duration.ts'
import { variable } from '../environment.ts'
import { CliError } from '../errors.ts'
import { examine } from './examine.ts'
import { Examination, type ExaminationOptions } from './examination.ts'
import { CHAIN } from './links/index.ts'
import { isWell, reportJson, reportText, summaryText } from './report.ts'
import { credentialsFor, type TokenOptions } from './tokens.ts'

export interface DoctorOptions extends TokenOptions {
  readonly url?: string
  readonly wsUrl?: string
  readonly origin?: string
  readonly redis?: string
  readonly channel?: string
  readonly from?: string
  readonly timeout: string
  readonly deadline: string
  readonly json?: boolean
}

/** Examines a deployment link by link, and prints what came. @returns whether all that was tried holds. @throws CliError, SettingError */
export async function doctor(options: DoctorOptions): Promise<boolean> {
  const settings = await settingsFrom(options)
  if (settings.credentials.areReal) {
    process.stderr.write(
      'fanout: reader tokens were given, so the synthetic events go into the logs of their users, and to their screens\n',
    )
  }
  const { json = false } = options
  const reports = await examine(new Examination(settings), CHAIN, (report) => {
    if (!json) process.stdout.write(reportText(report))
  })
  process.stdout.write(json ? reportJson(reports) : summaryText(reports))
  return isWell(reports)
}

async function settingsFrom(options: DoctorOptions): Promise<ExaminationOptions> {
  // No user and no event of anybody has such an id, and it is seen at once whose it is.
  const name = `fanout-doctor-${randomBytes(6).toString('hex')}`
  const origin = originFrom(options.origin)
  const redis = redisFrom(options)
  return {
    ...addresses(options),
    ...(origin !== undefined && { origin }),
    ...(redis !== undefined && { redis }),
    timeout: millisecondsIn('--timeout', options.timeout),
    deadline: millisecondsIn('--deadline', options.deadline),
    name,
    credentials: await credentialsFor(options, [`${name}-trainer`, `${name}-student`]),
  }
}

/** The addresses belong together: half of them given, and half by default, would be two deployments. */
function addresses({ url, wsUrl }: DoctorOptions): Pick<ExaminationOptions, 'httpUrl' | 'wsUrl'> {
  const http = url ?? variable('FANOUT_HTTP_URL')
  const ws = wsUrl ?? variable('FANOUT_WS_URL')
  if (http !== undefined && ws === undefined) {
    throw new CliError('say where its WebSockets are as well: --ws-url, or FANOUT_WS_URL')
  }
  if (http === undefined && ws !== undefined)
    throw new CliError('say where its HTTP is as well: --url, or FANOUT_HTTP_URL')
  return {
    httpUrl: httpUrl(http ?? 'http://127.0.0.1:3000'),
    wsUrl: socketUrl(ws ?? 'ws://127.0.0.1:3001'),
  }
}

function originFrom(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && new URL(text).origin === text)) return text
  throw new CliError(`--origin is "${text}"; an origin looks like https://app.example.com, without a path`)
}

function redisFrom(options: DoctorOptions): BridgeSettings | undefined {
  if (options.redis === undefined && variable('REDIS_URL') === undefined) return undefined
  return bridgeSettings(options)
}

function millisecondsIn(option: string, text: string): number {
  const seconds = parseDuration(text)
  if (seconds >= 1 && seconds <= 3600) return seconds * 1000
  throw new CliError(`${option} is "${text}"; it must be 1s to 1h`)
}
