/** What the module does to the process that imports it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const entry = fileURLToPath(new URL('../../../src/publisher/redis/index.ts', import.meta.url))

async function run(source: string) {
  const options = ['--import', 'tsx', '--input-type=module', '--eval', source]
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exit]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { stdout, stderr, exit }
}

it('is nothing: no ioredis, no sockets, no timers, and it ends by itself', async () => {
  const source = `
    import { createRequire } from 'node:module'
    const { cache } = createRequire(${JSON.stringify(entry)})
    const exported = Object.keys(await import(${JSON.stringify(entry)}))
    const open = process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|Immediate/.test(name))
    console.log(JSON.stringify({ exported, open, ioredis: Object.keys(cache).some((file) => /ioredis/.test(file)) }))`
  const { stdout, stderr, exit } = await run(source)
  expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 })
  expect(JSON.parse(stdout)).toEqual({ exported: ['PublishError', 'emit'], open: [], ioredis: false })
})
