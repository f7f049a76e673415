import { describe, expect, it } from 'vitest'
import { BESIDE_MIB, heapOf, settingsOf, textOf, variablesOfTheBridge } from './files.ts'

type Section = Readonly<Record<string, string>>

/** The sections of a unit. A key that comes again adds to what it had, as it does for those lists that this unit has. */
function unitFrom(text: string): Readonly<Record<string, Section>> {
  const sections: Record<string, Record<string, string>> = {}
  let section: Record<string, string> | undefined
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, header] = /^\[(\w+)\]$/.exec(line) ?? []
    if (header !== undefined) section = sections[header] = {}
    else {
      const [, key = '', value = ''] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? []
      if (section === undefined || key === '') throw new Error(`systemd would not know what this is: ${line}`)
      section[key] = key in section ? `${section[key]} ${value}` : value
    }
  }
  return sections
}

const text = textOf('deploy/bridge/fanout-bridge.service')
const { Unit = {}, Service = {}, Install = {}, ...others } = unitFrom(text)

describe('the unit', () => {
  it('has the three sections of a service', () => {
    expect(others).toEqual({})
    expect(Install).toEqual({ WantedBy: 'multi-user.target' })
  })

  it('starts with the network, and comes back whatever ended it', () => {
    const network = 'network-online.target'
    expect(Unit).toMatchObject({ Wants: network, After: network, StartLimitIntervalSec: '0' })
    expect(Service).toMatchObject({ Type: 'exec', Restart: 'always' })
    expect(Number(Service['RestartSec'])).toBeGreaterThan(0)
  })

  it('runs the bridge that is installed, without a shell', () => {
    const manifest = JSON.parse(textOf('package.json')) as { readonly bin: object }
    const [, name = ''] =
      /^\/opt\/fanout-bridge\/node_modules\/\.bin\/(\w+) bridge$/.exec(Service['ExecStart'] ?? '') ?? []
    expect(Object.keys(manifest.bin)).toContain(name)
  })

  it('waits longer for its end than the bridge takes', () => {
    const { drain } = settingsOf({ REDIS_URL: 'redis://127.0.0.1:6379' })
    expect(Number(Service['TimeoutStopSec']) * 1000).toBeGreaterThanOrEqual(drain + 10_000)
  })

  it('has room for the heap, for the messages that wait, and for node', () => {
    const { queue } = settingsOf({ REDIS_URL: 'redis://127.0.0.1:6379' })
    const [, max] = /^(\d+)M$/.exec(Service['MemoryMax'] ?? '') ?? []
    const [, options] = /^NODE_OPTIONS=(.*)$/.exec(Service['Environment'] ?? '') ?? []
    const needed = heapOf(options) + queue.bytes / 2 ** 20 + BESIDE_MIB
    expect(needed).toBeLessThanOrEqual(Number(max))
  })

  it('gets its settings and secrets from a file, and none from here', () => {
    expect(Service['EnvironmentFile']).toBe('/etc/fanout-bridge/env')
    expect(Service['Environment']).toMatch(/^NODE_OPTIONS=\S+$/)
    const named = [...text.matchAll(/\b(?:REDIS|BRIDGE|FANOUT|EVENTS|JWT)_[A-Z_]+\b/g)].map(([name]) => name)
    expect(named).not.toEqual([])
    expect(named.filter((name) => !variablesOfTheBridge().has(name))).toEqual([])
  })

  it('keeps the token where the bridge sees a new one, and nobody else any', () => {
    expect(Service).toMatchObject({ StateDirectory: 'fanout-bridge', StateDirectoryMode: '0700' })
    expect(text).toContain('/var/lib/private/fanout-bridge/token')
    expect(Service).not.toHaveProperty('LoadCredential')
  })

  it('is shut in', () => {
    expect(Service).toMatchObject({
      DynamicUser: 'yes',
      CapabilityBoundingSet: '',
      NoNewPrivileges: 'yes',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      PrivateTmp: 'yes',
      PrivateDevices: 'yes',
      RestrictNamespaces: 'yes',
      RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX',
      SystemCallFilter: '@system-service ~@privileged',
    })
  })

  it('lets V8 compile, and node go without the system calls that it can do without', () => {
    expect(Service).toMatchObject({ MemoryDenyWriteExecute: 'no', SystemCallErrorNumber: 'EPERM' })
  })
})
