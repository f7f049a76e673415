import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { all, assignments, listIn, stagesOf } from './dockerfile.ts'
import { root, textOf, variablesOfTheBridge } from './files.ts'
import { healthOf } from './health.ts'

const [build = [], final = [], ...more] = stagesOf(textOf('deploy/bridge/Dockerfile'))
const manifest = JSON.parse(textOf('package.json')) as {
  readonly engines: { readonly node: string }
  readonly bin: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
/** What the build takes from the clone. */
const copied = all(build, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1))

describe('the stage that builds', () => {
  it('takes only what is in a clone, and what Docker may see of it', () => {
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([])
    const [first, ...allowed] = textOf('deploy/bridge/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(first).toBe('*')
    expect(allowed.sort()).toEqual(copied.map((path) => `!${path}`).sort())
  })

  it('takes all that is compiled, and the scripts that compile it', () => {
    const { include } = JSON.parse(textOf('tsconfig.build.json')) as { readonly include: string[] }
    expect(copied).toEqual(expect.arrayContaining([...include, 'scripts', 'package-lock.json', 'LICENSE']))
  })

  it('installs, builds, packs, and installs what it packed', () => {
    const commands = all(build, 'RUN').flatMap((command) => command.split(' && '))
    const order = [/^npm ci\b/, /^npm run build$/, /^npm pack\b/, /^npm install .*\/event-fanout-\*\.tgz/]
    expect(commands.map((command) => order.findIndex((form) => form.test(command)))).toEqual([0, 1, 2, 3])
  })

  it('installs the AWS SDK in the version that the tests have', () => {
    const sdk = /@aws-sdk\/client-sqs@(\S+)/.exec(all(build, 'RUN').at(-1) ?? '')?.[1]
    expect(sdk).toBe(manifest.devDependencies['@aws-sdk/client-sqs'])
  })
})

describe('the image', () => {
  it('has a Node that the package runs on, of a fixed major version, and the same in both stages', () => {
    const bases = [build, final].map((stage) => all(stage, 'FROM')[0]?.split(' ')[0])
    expect(more).toEqual([])
    expect(new Set(bases).size).toBe(1)
    const [, major] = /^node:(\d+)-slim$/.exec(bases[0] ?? '') ?? []
    expect(manifest.engines.node).toMatch(/^>=20\./)
    expect(Number(major)).toBeGreaterThan(20)
  })

  it('gets nothing but what was installed, and runs nothing to become an image', () => {
    expect(all(final, 'COPY')).toEqual(['--from=build /opt/fanout/node_modules /opt/fanout/node_modules'])
    expect(all(build, 'WORKDIR').at(-1)).toBe('/opt/fanout')
    expect(all(final, 'RUN')).toEqual([])
  })

  it('does not run as root', () => {
    expect(all(final, 'USER')).toEqual(['node'])
  })

  it('runs the bridge without a shell, so that signals arrive', () => {
    const command = [...listIn(all(final, 'ENTRYPOINT')[0]), ...listIn(all(final, 'CMD')[0])]
    expect(command).toEqual(['fanout', 'bridge'])
    expect(Object.keys(manifest.bin)).toContain('fanout')
    expect(all(final, 'STOPSIGNAL')).toEqual([])
  })

  it('holds settings that the bridge reads, and none that is a secret', () => {
    const { PATH, ...settings } = assignments(all(final, 'ENV'))
    expect(PATH).toBe('/opt/fanout/node_modules/.bin:$PATH')
    expect(settings).toEqual({ HOST: '0.0.0.0', BRIDGE_PORT: all(final, 'EXPOSE')[0] })
    expect([...variablesOfTheBridge()]).toEqual(expect.arrayContaining(Object.keys(settings)))
    expect([...all(build, 'ARG'), ...all(final, 'ARG')]).toEqual([])
  })
})

describe('its health check', () => {
  const [program = '', ...args] = listIn(all(final, 'HEALTHCHECK')[0])
  const check = async (port: string): Promise<number | null> =>
    new Promise((resolve, reject) => {
      expect(program).toBe('node')
      spawn(process.execPath, args, { env: { BRIDGE_PORT: port }, stdio: 'ignore' })
        .once('error', reject)
        .once('exit', resolve)
    })

  it.each([
    ['that is well', []],
    ['whose target is away: a restart would not bring it back', ['the target has taken nothing']],
  ])('is content with a bridge %s', async (_, problems) => {
    const { url } = await healthOf(problems)
    expect(await check(new URL(url).port)).toBe(0)
  })

  it('is not content with one that does not answer', async () => {
    const server = await healthOf()
    await server.stop()
    expect(await check(new URL(server.url).port)).toBe(1)
  })
})
