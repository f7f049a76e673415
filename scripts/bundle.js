/**
 * Bundles each function of `lambdas/deployed` into a folder of its own, `dist/bundles/<name>`, which is what CDK
 * uploads. The metafiles lie beside, for whoever wants to know what makes a bundle big (https://esbuild.github.io/analyze).
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const source = join(root, 'lambdas/deployed')
const target = join(root, 'dist/bundles')

// What esbuild leaves in the place of a `require` that it cannot resolve, such as one of a Node built-in in a CommonJS
// dependency. An ES module has no `require`, so such a bundle has to bring its own.
const MISSING_REQUIRE = 'Dynamic require of'
const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);"

const names = (await readdir(source))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => basename(file, '.ts'))
if (names.length === 0) throw new Error(`there is no function in ${source}`)
await rm(target, { recursive: true, force: true })
for (const name of names) await bundle(name)

/** @param {string} name */
async function bundle(name) {
  const outfile = join(target, name, 'index.mjs')
  const options = optionsFor(join(source, `${name}.ts`), outfile)
  let { metafile } = await build(options)
  if ((await readFile(outfile, 'utf8')).includes(MISSING_REQUIRE)) {
    ;({ metafile } = await build({ ...options, banner: { js: REQUIRE } }))
  }
  await writeFile(join(target, `${name}.meta.json`), JSON.stringify(metafile))
}

/**
 * @param {string} entry
 * @param {string} outfile
 */
function optionsFor(entry, outfile) {
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: /** @type {const} */ ('node'),
    format: /** @type {const} */ ('esm'),
    // Lambda has Node 24; the template runner runs the same bundles on the oldest Node of `engines`.
    target: 'node20.19',
    // The ESM builds, of which esbuild can leave out what is not used; `platform: 'node'` would take the CommonJS ones.
    mainFields: ['module', 'main'],
    conditions: ['module', 'import'],
    alias: { '@aws-sdk/credential-provider-node': './src/aws/lambda-credentials.ts' },
    // Stack traces need positions and names. The source itself would be uploaded with every function.
    sourcemap: /** @type {const} */ ('linked'),
    sourcesContent: false,
    legalComments: /** @type {const} */ ('none'),
    metafile: /** @type {const} */ (true),
    logLevel: /** @type {const} */ ('warning'),
  }
}
