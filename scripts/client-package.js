/**
 * Puts the package `event-fanout-client` together in `dist/client-package`: the client and the React hooks alone, as they were
 * built, so that an app installs nothing else. `npm pack ./dist/client-package` makes the tarball.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const target = join(root, 'dist/client-package')
const PARTS = ['src/client', 'src/react']

await rm(target, { recursive: true, force: true })
for (const part of PARTS) await copyPart(part)
await copy('LICENSE')
await copy('scripts/client-package/README.md', 'README.md')
await writeFile(
  join(target, 'package.json'),
  `${JSON.stringify(manifest(await readJson('package.json')), null, 2)}\n`,
)

/**
 * Sources and what was built of them lie to each other as they do in this repository, so that the source maps hold. What `dist` has of
 * sources that are gone by now stays behind.
 *
 * @param {string} part
 */
async function copyPart(part) {
  const built = await readdir(join(root, 'dist', part))
  for (const source of (await readdir(join(root, part))).filter((file) => file.endsWith('.ts'))) {
    const name = basename(source, '.ts')
    const results = ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => `${name}${ending}`)
    const missing = results.find((file) => !built.includes(file))
    if (missing !== undefined) throw new Error(`dist/${part}/${missing} is not there: run "npm run build"`)
    for (const file of results) await copy(join('dist', part, file))
    await copy(join(part, source))
  }
}

/** @param {Record<string, any>} project */
function manifest({ version, license, exports, peerDependencies }) {
  return {
    name: 'event-fanout-client',
    version,
    description:
      'The client and the React hooks of event-fanout: every event once and in order, over a WebSocket or by polling. No dependencies.',
    license,
    type: 'module',
    sideEffects: false,
    exports: {
      '.': exports['./client'],
      './react': exports['./react'],
      './package.json': './package.json',
    },
    files: ['dist', 'src'],
    peerDependencies: { react: peerDependencies.react },
    peerDependenciesMeta: { react: { optional: true } },
  }
}

/**
 * @param {string} from
 * @param {string} [to]
 */
async function copy(from, to = from) {
  await mkdir(dirname(join(target, to)), { recursive: true })
  await copyFile(join(root, from), join(target, to))
}

/** @param {string} file */
async function readJson(file) {
  return JSON.parse(await readFile(join(root, file), 'utf8'))
}
