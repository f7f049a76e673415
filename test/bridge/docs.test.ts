/** That docs/bridge.md names what there is. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bridgeKeys } from '../../src/bridge/keys.ts'
import { BridgeMetrics } from '../../src/bridge/metrics.ts'
import { readBridgeSettings } from '../../src/bridge/settings.ts'
import { root } from '../e2e/server-process.ts'

const page = readFileSync(join(root, 'docs/bridge.md'), 'utf8')
const section = (title: string): string => page.split(/^## /m).find((part) => part.startsWith(title)) ?? ''
const sources = (folder: string): string =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'))
    .join('\n')

/** All of the bridge's own; not those of the whole project that it reads as well. */
const VARIABLE = /\b(?:REDIS|BRIDGE)_[A-Z_]+\b/g
const names = (text: string, pattern: RegExp): string[] => [...new Set(text.match(pattern))].toSorted()

describe('docs/bridge.md', () => {
  it('names each variable that is read, and no other', () => {
    const code = `${sources('src/bridge')}${sources('src/cli/bridge')}`
    expect(names(page, VARIABLE)).toEqual(names(code, VARIABLE))
  })

  it('names each metric, with each of its labels’ values', async () => {
    const { registry } = new BridgeMetrics()
    const metrics = await registry.getMetricsAsJSON()
    const text = section('Health and metrics')
    expect(names(text, /\bfanout_bridge_\w+/g)).toEqual(metrics.map(({ name }) => name).toSorted())
    for (const { values } of metrics) {
      for (const { labels } of values)
        for (const value of Object.values(labels)) expect(text).toContain(`\`${value}\``)
    }
  })

  it('names each key', () => {
    const keys = Object.values(bridgeKeys('business-events', 'event-fanout')).toSorted()
    const named = [...section('What it keeps in Redis').matchAll(/`(\{?business-events[^`]*)`/g)].map(
      ([, key]) => key ?? '',
    )
    expect([...new Set(named)].toSorted()).toEqual(keys)
  })

  it('has the defaults that there are', () => {
    const settings = readBridgeSettings({ REDIS_URL: 'redis://localhost' })!
    const row = (name: string): string =>
      page.split('\n').find((line) => line.includes(`\`${name}\``) && line.startsWith('|')) ?? ''
    expect(row('REDIS_FROM')).toContain(`\`${settings.from}\``)
    expect(row('REDIS_CHANNEL')).toContain(`\`${settings.channel}\``)
    expect(row('REDIS_GROUP')).toContain(`\`${settings.group}\``)
    expect(row('BRIDGE_QUEUE_MESSAGES')).toContain(
      `\`${settings.queue.messages}\`, \`${settings.queue.bytes / 2 ** 20}\``,
    )
    expect(row('BRIDGE_LEASE_SECONDS')).toContain(`\`${settings.lease / 1000}\``)
    expect(row('BRIDGE_GAP_SECONDS')).toContain(`\`${settings.gapGrace / 1000}\``)
    expect(row('BRIDGE_DEAD_DAYS')).toContain(`\`${settings.deadLettersFor / 86_400_000}\``)
  })
})
