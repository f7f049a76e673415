import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock } from 'fs-native-extensions'

/**
 * Keeps a second process out of a data folder: LMDB would let it in, and then two writers would each answer for a
 * batch of their own, and two gateways would each know half of the connections.
 */
export class FolderLock {
  readonly #fd: number

  /** @throws if another process, or this one, has the folder open */
  constructor(folder: string) {
    const file = join(folder, 'lock')
    // Neither truncates nor needs the file to exist: it belongs to another process until the lock says otherwise.
    this.#fd = openSync(file, 'a+', 0o600)
    if (!tryLock(this.#fd)) {
      closeSync(this.#fd)
      throw new Error(inUse(folder, readFileSync(file, 'utf8').trim()))
    }
    ftruncateSync(this.#fd)
    writeSync(this.#fd, `${process.pid}\n`)
  }

  /** The file stays: to remove it would let in two that wait for it. */
  release(): void {
    closeSync(this.#fd)
  }
}

function inUse(folder: string, pid: string): string {
  const holder = pid === '' ? 'another process' : `process ${pid}`
  return `the data folder ${folder} is in use by ${holder}; stop that one, or use another folder`
}
