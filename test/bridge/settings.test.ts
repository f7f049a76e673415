import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readBridgeSettings } from '../../src/bridge/settings.ts'
import { SettingError } from '../../src/process/settings.ts'
import { certificates, folderForTest } from './redis/set-up.ts'

const MIB = 1024 * 1024
const DAY = 24 * 60 * 60 * 1000
const REDIS_URL = 'redis://h'

const defaults = {
  redis: { address: { kind: 'single', nodes: [{ host: 'h', port: 6379 }], tls: false, db: 0 } },
  from: 'pubsub',
  channel: 'business-events',
  group: 'event-fanout',
  queue: { messages: 10_000, bytes: 64 * MIB },
  deadLettersFor: 30 * DAY,
  gapGrace: 5000,
  lease: 10_000,
  yieldAfter: 30_000,
  drain: 10_000,
}

const NAMES =
  'REDIS_FROM REDIS_CHANNEL REDIS_GROUP REDIS_USERNAME REDIS_PASSWORD REDIS_CA_FILE REDIS_SENTINEL_USERNAME REDIS_SENTINEL_PASSWORD BRIDGE_QUEUE_MESSAGES BRIDGE_QUEUE_MIB BRIDGE_DEAD_DAYS BRIDGE_GAP_SECONDS BRIDGE_LEASE_SECONDS'

describe('the settings of a bridge', () => {
  it('are none without REDIS_URL, whatever else there is', () => {
    expect(readBridgeSettings({})).toBeUndefined()
    expect(readBridgeSettings({ REDIS_URL: '', REDIS_FROM: 'nowhere' })).toBeUndefined()
  })

  it('have a default each', () => {
    expect(readBridgeSettings({ REDIS_URL })).toEqual(defaults)
  })

  it('that are empty count as unset', () => {
    const empty = Object.fromEntries(NAMES.split(' ').map((name) => [name, '']))
    expect(readBridgeSettings({ REDIS_URL, ...empty })).toEqual(defaults)
  })

  it('are read', () => {
    const environment = {
      REDIS_URL: 'redis+sentinel://h/m',
      REDIS_FROM: 'stream',
      REDIS_CHANNEL: 'events:ä',
      REDIS_GROUP: 'g',
      REDIS_USERNAME: 'u',
      REDIS_PASSWORD: 'p',
      REDIS_SENTINEL_USERNAME: 'su',
      REDIS_SENTINEL_PASSWORD: 'sp',
      BRIDGE_QUEUE_MESSAGES: '1',
      BRIDGE_QUEUE_MIB: '4096',
      BRIDGE_DEAD_DAYS: '3650',
      BRIDGE_GAP_SECONDS: '3600',
      BRIDGE_LEASE_SECONDS: '2',
    }
    expect(readBridgeSettings(environment)).toEqual({
      ...defaults,
      redis: {
        address: { kind: 'sentinel', nodes: [{ host: 'h', port: 26_379 }], master: 'm', tls: false, db: 0 },
        username: 'u',
        password: 'p',
        sentinelUsername: 'su',
        sentinelPassword: 'sp',
      },
      from: 'stream',
      channel: 'events:ä',
      group: 'g',
      queue: { messages: 1, bytes: 4096 * MIB },
      deadLettersFor: 3650 * DAY,
      gapGrace: 3_600_000,
      lease: 2000,
    })
  })

  it('take user and password from the address, unless there are others', () => {
    const url = 'redis://u:p@h'
    const of = (environment: Readonly<Record<string, string>>) =>
      readBridgeSettings({ REDIS_URL: url, ...environment })?.redis
    expect(of({})).toMatchObject({ username: 'u', password: 'p' })
    expect(of({ REDIS_PASSWORD: 'q' })).toMatchObject({ username: 'u', password: 'q' })
    expect(of({ REDIS_USERNAME: 'v', REDIS_PASSWORD: 'q' })).toMatchObject({ username: 'v', password: 'q' })
  })

  it('take the authorities from a file', async () => {
    const { ca } = await certificates()
    const settings = readBridgeSettings({ REDIS_URL: 'rediss://h', REDIS_CA_FILE: ca })
    expect(settings?.redis.ca).toMatch(/^-----BEGIN CERTIFICATE-----\n/)
  })
})

const RANGES = [
  ['BRIDGE_QUEUE_MESSAGES', 1, 10_000_000],
  ['BRIDGE_QUEUE_MIB', 1, 4096],
  ['BRIDGE_DEAD_DAYS', 1, 3650],
  ['BRIDGE_GAP_SECONDS', 1, 3600],
  ['BRIDGE_LEASE_SECONDS', 2, 300],
] as const
const NUMBERS = RANGES.flatMap(([name, min, max]) =>
  [String(min - 1), String(max + 1), '2.5', ' 2', 'two'].map(
    (value): [string, Readonly<Record<string, string>>] => [
      `${name} is "${value}"; it must be a whole number from ${min} to ${max}`,
      { [name]: value },
    ],
  ),
)

describe('what cannot be used is refused:', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ...NUMBERS,
    ['REDIS_FROM is "list"; it must be one of pubsub, stream', { REDIS_FROM: 'list' }],
    [
      'REDIS_CHANNEL: the channel is "a b"; it must be 1 to 200 characters, without blanks and braces',
      { REDIS_CHANNEL: 'a b' },
    ],
    [
      'REDIS_CA_FILE is set and REDIS_URL is without TLS; it would have to begin with rediss',
      { REDIS_CA_FILE: 'ca.pem' },
    ],
    [
      'REDIS_CA_FILE is "no-such.pem"; it cannot be read: ENOENT: no such file or directory, open \'no-such.pem\'',
      { REDIS_URL: 'rediss://h', REDIS_CA_FILE: 'no-such.pem' },
    ],
  ])('%s', (message, environment) => {
    expect(() => readBridgeSettings({ REDIS_URL, ...environment })).toThrow(new SettingError(message))
  })

  it('a file without a certificate', () => {
    const file = join(folderForTest(), 'ca.pem')
    writeFileSync(file, 'nothing')
    expect(() => readBridgeSettings({ REDIS_URL: 'rediss://h', REDIS_CA_FILE: file })).toThrow(
      new SettingError(
        `REDIS_CA_FILE is "${file}"; it holds no certificate, it must be PEM: -----BEGIN CERTIFICATE-----, …`,
      ),
    )
  })
})
