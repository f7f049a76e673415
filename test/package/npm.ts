import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../e2e/server-process.ts'

/** Downloads and compiling: whatever takes longer hangs. */
const LONGEST_MS = 240_000
export const INSTALL_MS = 600_000

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. One that does not end is a failure. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd = root, env = {} }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { cwd, env: { ...environment(), ...env }, timeout: LONGEST_MS, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr })
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr })
        else
          reject(new Error(`${program} ${args.join(' ')} did not end: ${stdout}${stderr}`, { cause: error }))
      },
    )
  })
}

/** As `run`, of what must succeed: gives what it printed. */
export async function output(...given: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...given)
  if (code !== 0) throw new Error(`${given[0]} ${given[1].join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return stdout
}

/** Of `npm test` npm leaves behind which package it is about; another npm must not think it were about that one. */
function environment(): NodeJS.ProcessEnv {
  const own =
    /^(npm_(package|lifecycle|command|execpath|node_execpath|config_(local|global)_prefix)|INIT_CWD|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
}

export interface Tarball {
  readonly file: string
  /** What is in it. */
  readonly paths: readonly string[]
}

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** Packs what was built last. */
export async function pack(folder: string, into: string): Promise<Tarball> {
  const args = ['pack', folder, '--ignore-scripts', '--json', '--pack-destination', into]
  const [packed] = JSON.parse(await output('npm', args)) as Packed[]
  if (packed === undefined) throw new Error(`npm packed nothing of ${folder}`)
  return { file: join(into, packed.filename), paths: packed.files.map(({ path }) => path) }
}

/** The version of a package that this project has as a development dependency, as npm wants it. */
export function sameAsHere(name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  const version = manifest.devDependencies[name]
  if (version === undefined) throw new Error(`${name} is no development dependency`)
  return `${name}@${version}`
}

/** A project of somebody else's: a folder outside of this one, with nothing in it but what is installed. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'fanout-project-'))

  constructor() {
    this.write('package.json', JSON.stringify({ name: 'somebody-elses', private: true }))
  }

  async install(...packages: readonly string[]): Promise<void> {
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--save-exact', '--loglevel', 'error']
    await output('npm', ['install', ...quiet, '--prefix', this.folder, ...packages], { cwd: this.folder })
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  async node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return run(process.execPath, args, { cwd: this.folder, env })
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts)
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A program of this project's own development dependencies. */
export const tool = (name: string): string => join(root, 'node_modules/.bin', name)
