import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FunctionName } from './function-settings.ts'

/** `npm run build` writes to `dist/bundles`. Seen from `lib/`, and from where its compiled form is, `dist/lib/`. */
const FOLDERS = ['../dist/bundles', '../bundles'].map((path) => join(import.meta.dirname, path))

/**
 * The folder with a function's code, made ahead by `npm run build`, so that whoever deploys needs no bundler.
 *
 * @throws if it has not been built
 */
export function bundleOf(name: FunctionName, folders: readonly string[] = FOLDERS): string {
  const found = folders
    .map((folder) => join(folder, fileNameOf(name)))
    .find((path) => existsSync(join(path, 'index.mjs')))
  if (found !== undefined) return found
  throw new Error(
    `no bundle of the function "${name}" in ${folders.join(' or ')}; make it with "npm run build"`,
  )
}

/** Files are named in lower case, with hyphens: `disconnect-user`. */
function fileNameOf(name: FunctionName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
