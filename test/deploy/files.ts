import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type BridgeSettings, readBridgeSettings } from '../../src/bridge/settings.ts'

export const root = resolve(import.meta.dirname, '../..')

/** A file of this repository. */
export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))

/** Every variable that `fanout bridge` reads, by what its sources say. */
export function variablesOfTheBridge(): ReadonlySet<string> {
  const sources = ['src/bridge/settings.ts', ...sourcesIn('src/cli'), ...sourcesIn('src/cli/bridge')]
  const reads = sources.flatMap((path) => [
    ...textOf(path).matchAll(/\b(?:get|number|variable)\(\s*'([A-Z_]+)'/g),
  ])
  return new Set(reads.map(([, name = '']) => name))
}

/** What a bridge makes of an environment. @throws SettingError */
export function settingsOf(environment: Readonly<Record<string, string>>): BridgeSettings {
  const settings = readBridgeSettings(environment)
  if (settings === undefined) throw new Error('there is no REDIS_URL')
  return settings
}

/** Of `--max-old-space-size`, in MiB. */
export function heapOf(nodeOptions: string | undefined): number {
  const [, mib] = /^--max-old-space-size=(\d+)$/.exec(nodeOptions ?? '') ?? []
  return Number(mib)
}

/** A bridge has so much memory beside the heap and the messages that wait: node's own code, buffers of sockets. In MiB; measured were 90. */
export const BESIDE_MIB = 128
