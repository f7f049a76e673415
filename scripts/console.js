/**
 * Builds the console's page into `dist/console`: an index.html, and beside it what it loads, under names that hold a hash of
 * the content, so that browsers may keep them for ever.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src/console')
const target = join(root, 'dist/console')

await rm(target, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['main.tsx', 'styles/main.css', 'early-theme.ts', 'icon.svg'].map((name) =>
    join(source, name),
  ),
  outdir: target,
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.svg': 'copy' },
  bundle: true,
  minify: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  sourcemap: 'linked',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
})
await writeFile(
  join(target, 'index.html'),
  withBuiltNames(await readFile(join(source, 'index.html'), 'utf8')),
)

/**
 * The page as it lies in `src` names its sources.
 *
 * @param {string} html
 */
function withBuiltNames(html) {
  const names = builtNames()
  return html.replace(/(src|href)="([\w.-]+)"/g, (_, attribute, name) => {
    const built = names.get(name)
    if (built === undefined) throw new Error(`index.html loads ${name}, which is not built`)
    return `${attribute}="/console/${built}"`
  })
}

/** Of each source file the file that was built of it. */
function builtNames() {
  const built = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint !== undefined)
  return new Map(built.map(([path, { entryPoint = '' }]) => [basename(entryPoint), basename(path)]))
}
