/**
 * Lets a child process run TypeScript as it lies in the repository: `node --import ./typescript-loader.mjs child.ts`.
 * Node 20 cannot by itself, and the tests must not depend on a build.
 */
import { readFileSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

// Hooks run in a thread of their own, which loads this file again; the compiler is large, and needed only there.
// `require`, for `import` would first search nine megabytes for the names of its exports.
const ts = isMainThread ? undefined : createRequire(import.meta.url)('typescript')
if (isMainThread) register(import.meta.url)

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context)
  const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    },
  })
  return { format: 'module', source: outputText, shortCircuit: true }
}
