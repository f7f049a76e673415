import type { RunnerLog } from '../runner-log.ts'
import { parseObject } from '../json.ts'
import type { Output } from './instance.ts'

export interface LogLine {
  /** The function's name. */
  readonly function: string
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** What all functions wrote. */
export class FunctionLogs {
  readonly #limit: number
  readonly #log: RunnerLog
  #lines: LogLine[] = []
  readonly #listeners = new Set<(line: LogLine) => void>()

  /** Of the lines, only the latest `limit` are kept. */
  constructor(log: RunnerLog, limit = Infinity) {
    this.#log = log
    this.#limit = limit
  }

  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** Everything as one text, a line each: `name: text`. */
  get text(): string {
    return this.#lines.map((line) => `${line.function}: ${line.text}\n`).join('')
  }

  /** @returns what ends it */
  onLine(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Output of one instance: what comes in pieces is put together to lines. */
  outputOf(name: string): Output {
    const rest = { stdout: '', stderr: '' }
    return (stream, text) => {
      const lines = (rest[stream] + text).split('\n')
      rest[stream] = lines.pop() ?? ''
      for (const line of lines) this.#add({ function: name, stream, text: line })
    }
  }

  #add(line: LogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > this.#limit) this.#lines.shift()
    const json = line.text.startsWith('{') ? parseObject(line.text) : {}
    const said = Object.keys(json).length > 0 ? json : line.text
    const level = line.stream === 'stderr' || json['level'] === 'error' ? 'error' : 'info'
    this.#log[level]({ function: line.function, said }, 'function wrote')
    for (const listener of this.#listeners) listener(line)
  }
}
