/** What a publisher does to its process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { bounded } from '../../src/publisher/bounded.ts'
import { ManualEnvironment } from './manual-environment.ts'
import { publishes, ScriptedServer, unavailable } from './scripted-server.ts'

/** Runs a module that has `createPublisher`, `environment` and `httpUrl`. */
async function run(httpUrl: string, code: string) {
  const file = (name: string) => fileURLToPath(new URL(`../../src/publisher/${name}`, import.meta.url))
  const source = `
    import { createPublisher } from ${JSON.stringify(file('index.ts'))}
    import { platformEnvironment as environment } from ${JSON.stringify(file('environment.ts'))}
    const httpUrl = ${JSON.stringify(httpUrl)}
    ${code}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [exit]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { stdout, stderr, exit }
}

describe('a process', () => {
  it('stays while a publish is under way, a pause included, and ends by itself after it', async () => {
    const { httpUrl } = await ScriptedServer.with(unavailable, publishes)
    const code = `
      // Much longer than the test may take: no timer of it may be left.
      const publisher = createPublisher({ httpUrl, getToken: () => 't', tryTimeout: 1e9, deadline: 1e9 })
      void publisher.publish({ type: 'T', userId: 'u', id: 'e-1' }).then(({ id }) => console.log(id))`
    expect(await run(httpUrl, code)).toEqual({ stdout: 'e-1\n', stderr: '', exit: 0 })
  })

  it('ends after a publish that was aborted while a token was waited for', async () => {
    const code = `
      const getToken = () => new Promise(() => {})
      const publisher = createPublisher({ httpUrl, getToken, tryTimeout: 1e9, deadline: 1e9 })
      const controller = new AbortController()
      void publisher.publish({ type: 'T' }, { signal: controller.signal }).catch(({ code }) => console.log(code))
      controller.abort()`
    expect(await run('http://127.0.0.1:9', code)).toEqual({ stdout: 'aborted\n', stderr: '', exit: 0 })
  })

  it('is not touched by the import', async () => {
    const code = `
      void createPublisher({ httpUrl, getToken: () => 't' })
      console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|Immediate/.test(name)))`
    expect(await run('http://127.0.0.1:9', code)).toEqual({ stdout: '[]\n', stderr: '', exit: 0 })
  })
})

describe('what is waited for', () => {
  it('is over at once for a signal that is aborted already, or becomes so, and leaves no timer', async () => {
    const code = `
      const { pause } = environment
      await pause(1e9, AbortSignal.abort())
      const controller = new AbortController()
      const pausing = pause(1e9, controller.signal)
      controller.abort()
      await pausing
      await pause(0, undefined)
      console.log('over')`
    expect(await run('', code)).toEqual({ stdout: 'over\n', stderr: '', exit: 0 })
  })

  it('is not begun for a signal that is aborted already', async () => {
    let begun = false
    const work = async () => {
      begun = true
    }
    const waiting = bounded(new ManualEnvironment(), 1, AbortSignal.abort('enough'), work)
    await expect(waiting).rejects.toMatchObject({ why: 'aborted', cause: 'enough' })
    expect(begun).toBe(false)
  })
})
