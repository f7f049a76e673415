import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface Said {
  readonly id?: string
  readonly recipients?: readonly { readonly userId: string; readonly offset: number }[]
  readonly refused?: string
  readonly healthy?: boolean
  readonly holding?: boolean
  readonly error?: string
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** `child.ts` in a process of its own. */
export class Child {
  readonly #process: ChildProcessByStdio<null, Readable, null>
  readonly #lines: AsyncIterator<string, undefined>
  readonly #exit: Promise<unknown>

  /** @param fileBlocks how long a file may get, in the shell's blocks: a disk that is soon full */
  constructor(task: 'publish' | 'fill' | 'hold', folder: string, fileBlocks?: number) {
    const limit = fileBlocks === undefined ? '' : `ulimit -f ${fileBlocks}; `
    const command = [process.execPath, '--import', 'tsx', here('child.ts'), task, folder]
    this.#process = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'ignore'],
      // Its cache would meet the limit on files as well.
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    })
    this.#exit = once(this.#process, 'exit')
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** The next thing it says; nothing once it has ended. */
  async next(): Promise<Said | undefined> {
    const line = await this.#lines.next()
    return line.done === true ? undefined : (JSON.parse(line.value) as Said)
  }

  /** All that it still says. */
  async rest(): Promise<Said[]> {
    const said: Said[] = []
    for (let one = await this.next(); one !== undefined; one = await this.next()) said.push(one)
    return said
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exit
  }
}
