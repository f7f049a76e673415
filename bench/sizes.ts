/**
 * How much an app's bundle grows: this client, and others that bring events to a browser, each with the least that an app has to
 * import, in the same bundler with the same options. Installs the others at fixed versions into a temporary folder, prints a table
 * and writes it into `docs/sizes.md`.
 *
 *     npm run bench:sizes
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { withFolder } from './measure.ts'
import { MINIMAL_APPS, type MinimalApp } from './minimal-apps.ts'
import { optionsOrExit } from './options.ts'

interface Size {
  readonly app: MinimalApp
  readonly minified: number
  readonly gzipped: number
}

const root = join(import.meta.dirname, '..')
const page = join(root, 'docs/sizes.md')
const [START, END] = ['<!-- by bench/sizes.ts -->', '<!-- end -->']

async function sizeOf(app: MinimalApp, resolveDir: string): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: app.code, resolveDir, sourcefile: `${app.name}.js` },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2020',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    external: ['react'],
    write: false,
    logLevel: 'error',
  })
  const bundle = outputFiles[0]?.contents ?? new Uint8Array()
  return { app, minified: bundle.length, gzipped: gzipSync(bundle, { level: 9 }).length }
}

function install(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const packages = MINIMAL_APPS.flatMap(({ install: name }) => (name === undefined ? [] : [name]))
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']
  execFileSync('npm', ['install', ...quiet, '--prefix', folder, ...new Set(packages)], {
    cwd: folder,
    stdio: 'inherit',
  })
}

const grouped = (bytes: number): string => bytes.toLocaleString('en-US')

function table(sizes: readonly Size[]): string {
  const ours = sizes.find(({ app }) => app.install === undefined)?.gzipped ?? NaN
  const rows = sizes
    .toSorted((a, b) => a.gzipped - b.gzipped)
    .map(({ app, minified, gzipped }) => [
      `${app.name}${app.install === undefined ? '' : ` ${app.install.replace(/.*@/, '')}`}`,
      app.does,
      grouped(minified),
      grouped(gzipped),
      (gzipped / ours).toFixed(1),
    ])
  const head = ['', 'what the bundle does', 'minified, bytes', 'and gzipped', 'times ours']
  const lines = [head, ['---', '---', '---:', '---:', '---:'], ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function writePage(text: string): void {
  const before = readFileSync(page, 'utf8')
  const [from, to] = [before.indexOf(START), before.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${page} has no "${START}" … "${END}" to put the table into`)
  writeFileSync(page, `${before.slice(0, from)}${START}\n\n${text}\n\n${before.slice(to)}`)
}

// It has no options, and says so.
optionsOrExit('npm run bench:sizes', (args) => parseArgs({ args }))
await withFolder(async (folder) => {
  install(folder)
  const sizes: Size[] = []
  for (const app of MINIMAL_APPS) sizes.push(await sizeOf(app, app.install === undefined ? root : folder))
  const text = table(sizes)
  console.log(text)
  writePage(text)
})
