import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { installedServer } from './installed-server.ts'
import { metroResolves } from './metro.ts'
import { INSTALL_MS, output, pack, Project, run, sameAsHere, type Tarball, tool } from './npm.ts'
import {
  commonJsSession,
  esmSession,
  imports,
  ownOfTheApp,
  strictMode,
  typed,
  withoutPlatform,
} from './usages.ts'

// Compilers, and npm: on a busy machine they take their time.
vi.setConfig({ testTimeout: INSTALL_MS })

const ENTRIES = [
  'event-fanout/client',
  'event-fanout/react',
  'event-fanout/publisher',
  'event-fanout/publisher/redis',
]
const CLIENT_ENTRIES = ['event-fanout-client', 'event-fanout-client/react']

/** Has both packages, as a team's repository would. */
const app = new Project()
/** Has the client alone. */
const mobile = new Project()
let whole: Tarball
let client: Tarball

beforeAll(async () => {
  whole = await pack('.', app.folder)
  client = await pack('./dist/client-package', app.folder)
  await app.install(
    whole.file,
    client.file,
    ...['react', 'react-dom', '@types/react', '@types/node'].map(sameAsHere),
  )
  await mobile.install(client.file)
}, INSTALL_MS)

afterAll(() => {
  app.dispose()
  mobile.dispose()
})

describe('the tarballs', () => {
  it('of the client holds the client and the hooks, and nothing else', () => {
    const folders = new Set(client.paths.map((path) => dirname(path)))
    expect(folders).toEqual(new Set(['.', 'dist/src/client', 'dist/src/react', 'src/client', 'src/react']))
    expect(client.paths.filter((path) => dirname(path) === '.').sort()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ])
  })

  it('of the whole does not hold the client a second time', () => {
    expect(whole.paths).toContain('dist/src/client/index.js')
    expect(whole.paths.filter((path) => path.startsWith('dist/client-package'))).toEqual([])
  })

  it.each([
    [
      'event-fanout',
      ['dist/src/client', 'dist/src/react', 'dist/src/publisher', 'dist/src/publisher/redis', 'dist/lib'],
    ],
    ['event-fanout-client', ['dist/src/client', 'dist/src/react']],
  ])('of %s have the source of every map that somebody would follow', (name, folders) => {
    for (const folder of folders) {
      const maps = readdirSync(app.path('node_modules', name, folder)).filter((file) => file.endsWith('.map'))
      expect(maps, folder).not.toEqual([])
      const lost = maps.flatMap((file) => lostSources(app.path('node_modules', name, folder, file)))
      expect(lost).toEqual([])
    }
  })

  it.each([
    ['event-fanout', () => whole],
    ['event-fanout-client', () => client],
  ])('of %s are found right by publint, and by attw for ES modules', async (_, tarball) => {
    const { file } = tarball()
    expect(await run(tool('publint'), [file, '--strict'])).toMatchObject({ code: 0 })
    const attw = await run(tool('attw'), [file, '--profile', 'esm-only', '--no-color', '--no-emoji'])
    expect(attw, attw.stdout).toMatchObject({ code: 0 })
  })
})

function lostSources(map: string): string[] {
  const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { readonly sources: readonly string[] }
  return sources.map((source) => resolve(dirname(map), source)).filter((source) => !existsSync(source))
}

describe('event-fanout-client, installed alone', () => {
  it('is one package', async () => {
    const tree = JSON.parse(
      await output('npm', ['ls', '--all', '--json', '--prefix', mobile.folder]),
    ) as object
    expect(tree).toMatchObject({ dependencies: { 'event-fanout-client': expect.anything() as unknown } })
    const installed = readdirSync(mobile.path('node_modules')).filter((name) => !name.startsWith('.'))
    expect(installed).toEqual(['event-fanout-client'])
  })

  it('is imported without React', async () => {
    const script = mobile.write('alone.mjs', imports(['event-fanout-client']))
    const { code, stdout, stderr } = await mobile.node([script])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ names: { 'event-fanout-client': ['connect'] } })
  })
})

describe('importing', () => {
  it('does nothing: no global, no timer, no socket, and the process ends', async () => {
    const script = app.write('imports.mjs', imports([...ENTRIES, ...CLIENT_ENTRIES]))
    const { code, stdout, stderr } = await app.node([script])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const hooks = ['useAnyEvent', 'useEventClient', 'useEventStatus', 'useEvents', 'useRefetch']
    expect(JSON.parse(stdout)).toEqual({
      names: {
        'event-fanout/client': ['connect'],
        'event-fanout/react': hooks,
        'event-fanout/publisher': ['PublishError', 'createPublisher'],
        'event-fanout/publisher/redis': ['PublishError', 'emit'],
        'event-fanout-client': ['connect'],
        'event-fanout-client/react': hooks,
      },
      globals: [],
      resources: [],
    })
  })

  it('works with `require`, without a warning', async () => {
    const entries = [...ENTRIES, ...CLIENT_ENTRIES]
    const script = app.write(
      'requires.cjs',
      `for (const name of ${JSON.stringify(entries)}) if (Object.keys(require(name)).length === 0) throw name`,
    )
    expect(await app.node([script])).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

describe('the installed server, client and publisher', () => {
  it.each([
    ['event-fanout-client', 'session.mjs', esmSession],
    ['event-fanout/client', 'session-2.mjs', esmSession],
    ['event-fanout-client', 'session.cjs', commonJsSession],
    ['event-fanout/client', 'session-2.cjs', commonJsSession],
  ])('bring an event from one to the other: %s in %s', async (name, file, session) => {
    const environment = await installedServer(app)
    const { code, stdout, stderr } = await app.node([app.write(file, session(name))], {
      ...environment,
      SESSION: file,
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ type: 'SESSION_COMPLETED', sessionId: file, via: 'push' })
  })
})

describe('the installed bridge', () => {
  const queue = 'https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo'

  it('says what it lacks for a queue, in one line', async () => {
    const bridge = app.path('node_modules/.bin/fanout')
    expect(await run(bridge, ['bridge', '--redis', 'redis://127.0.0.1:1', '--queue', queue])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'fanout: the AWS SDK is not installed; "npm install @aws-sdk/client-sqs" where event-fanout is installed\n',
    })
  })
})

describe('TypeScript', () => {
  const compile = async (name: string, options: object, files: Readonly<Record<string, string>>) => {
    for (const [file, text] of Object.entries(files)) app.write(join(name, file), text)
    const strictest = { strict: true, skipLibCheck: false, skipDefaultLibCheck: true }
    const common = { ...strictest, noEmit: true, target: 'es2022', jsx: 'react-jsx', types: [] as string[] }
    const config = { compilerOptions: { ...common, ...options }, include: ['.'] }
    app.write(join(name, 'tsconfig.json'), JSON.stringify(config))
    app.write(join(name, 'package.json'), JSON.stringify({ type: 'module' }))
    return run(tool('tsc'), ['-p', app.path(name)])
  }
  const good = { code: 0, stdout: '', stderr: '' }
  const usage = typed('event-fanout/client', 'event-fanout/react')
  const usageOfTheClient = typed('event-fanout-client', 'event-fanout-client/react')

  it('knows the types under `nodenext`, in ES modules and in CommonJS', async () => {
    const options = { module: 'nodenext', lib: ['es2023', 'dom'], types: ['node'] }
    const files = { 'usage.ts': usage, 'usage.cts': usage, 'usage-of-the-client.ts': usageOfTheClient }
    expect(await compile('nodenext', options, files)).toEqual(good)
  })

  const bundler = { module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom'] }

  it('knows the types under `bundler`', async () => {
    const files = { 'usage.ts': usage, 'usage-of-the-client.ts': usageOfTheClient }
    expect(await compile('bundler', bundler, files)).toEqual(good)
  })

  it.each([
    ['event-fanout-client/README.md', 2],
    ['event-fanout/docs/react.md', 3],
  ])('compiles what %s shows', async (file, count) => {
    const text = readFileSync(app.path('node_modules', file), 'utf8')
    const shown = [...text.matchAll(/```(tsx?)\n([^]*?)```/g)]
    const examples = shown.map(([, ending = '', code = ''], at) => [`shown-${at}.${ending}`, code] as const)
    expect(examples).toHaveLength(count)
    const files = { 'own.ts': ownOfTheApp, ...Object.fromEntries(examples) }
    expect(await compile(dirname(file), bundler, files)).toEqual(good)
  })

  it('needs the types of no platform', async () => {
    const options = { ...bundler, lib: ['es2022'] }
    expect(await compile('no-platform', options, { 'usage.ts': withoutPlatform })).toEqual(good)
  })
})

describe('bundlers', () => {
  const bundle = async (name: string, text: string, external: string[] = []) =>
    build({
      stdin: { contents: text, resolveDir: app.folder, sourcefile: name },
      bundle: true,
      write: false,
      minify: true,
      metafile: true,
      platform: 'browser',
      format: 'esm',
      logLevel: 'silent',
      external,
    })

  it.each(['event-fanout', 'event-fanout-client'])('find all of %s that a browser needs', async (name) => {
    const text =
      name === 'event-fanout'
        ? "export * from 'event-fanout/client'; export * from 'event-fanout/react'"
        : "export * from 'event-fanout-client'; export * from 'event-fanout-client/react'"
    const { warnings, metafile } = await bundle('all.js', text, ['react'])
    expect(warnings).toEqual([])
    const inputs = Object.keys(metafile.inputs).filter((path) => !path.endsWith('all.js'))
    expect(inputs.filter((path) => !path.includes(`node_modules/${name}/dist/src/`))).toEqual([])
    expect(inputs.some((path) => path.endsWith('client/connect.js'))).toBe(true)
  })

  it('leave out what is not used', async () => {
    // `emit` is for Node alone.
    const forBrowsers = ENTRIES.filter((entry) => entry !== 'event-fanout/publisher/redis')
    const imported = [...forBrowsers, ...CLIENT_ENTRIES].map((entry) => `import '${entry}'`).join('\n')
    const { outputFiles } = await bundle('nothing.js', imported)
    expect(outputFiles.map((file) => file.text)).toEqual([''])
  })

  it.each([...ENTRIES.slice(0, 2), ...CLIENT_ENTRIES])('Metro finds %s', (entry) => {
    const from = app.write('App.js', '')
    const [name = '', part = 'client'] = entry.split('/')
    const file = app.path('node_modules', name, 'dist/src', part, 'index.js')
    expect(metroResolves(from, entry, true)).toBe(file)
    expect(metroResolves(from, entry, false)).toBe(file)
  })
})

describe('the hooks', () => {
  it.each(['18.3.1', sameAsHere('react').replace('react@', '')])(
    'keep one client under StrictMode, subscribed from the start, with React %s',
    async (version) => {
      const project = new Project()
      try {
        await project.install(client.file, `react@${version}`, `react-dom@${version}`)
        const script = project.write('strict-mode.mjs', strictMode)
        const { code, stdout, stderr } = await project.node([script], {
          HAPPY_DOM: import.meta.resolve('happy-dom'),
        })
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        const told = { version, html: 'connecting', mounted: 1, counts: [1], complaints: [] }
        expect(JSON.parse(stdout)).toEqual(told)
      } finally {
        project.dispose()
      }
    },
  )
})
