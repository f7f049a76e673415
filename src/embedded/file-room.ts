import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'

const ZEROS = Buffer.alloc(1024 * 1024)

/** Makes a file longer before somebody else writes into it, so that a disk which is full says so here. */
export class FileRoom {
  readonly #fd: number

  constructor(file: string) {
    this.#fd = openSync(file, 'r+')
  }

  /** Nobody may write into the file meanwhile. @throws if the disk has no room for so many bytes */
  ensure(bytes: number): void {
    for (let { size } = fstatSync(this.#fd); size < bytes;)
      size += writeSync(this.#fd, ZEROS, 0, ZEROS.length, size)
  }

  close(): void {
    closeSync(this.#fd)
  }
}
