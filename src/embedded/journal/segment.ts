import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readFileSync,
  write,
} from 'node:fs'
import { type JournalRecord, nextStart, recordsIn } from './record.ts'

/** How far ahead a file is made longer, in bytes. */
const STEP = 1024 * 1024

/**
 * One file of the journal. It is written from its beginning each time that it is used anew, over what lies there: a file that
 * has its length already is flushed in a tenth of the time, since there is nothing about it to write but its bytes.
 */
export class Segment {
  readonly #file: string
  readonly #fd: number
  readonly #capacity: number
  #length: number
  #end = 0

  /** @param capacity how many bytes of records it takes */
  constructor(file: string, capacity: number) {
    this.#file = file
    this.#fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600)
    this.#capacity = capacity
    this.#length = fstatSync(this.#fd).size
  }

  fits(bytes: number): boolean {
    return this.#end + bytes <= this.#capacity
  }

  /** Nothing that was written in it is needed any more. */
  rewind(): void {
    this.#end = 0
  }

  /** Answers when the record is on disk. One that failed may be there, or a part of it: do not write another after it. */
  async append(record: Buffer): Promise<void> {
    const end = this.#end + record.length
    if (end > this.#length) await this.#lengthen(end)
    await this.#write(record, this.#end)
    await this.#flush()
    // A disk that fails in the middle of a write must not take the record before with it.
    this.#end = nextStart(end)
  }

  /** Its records. What is read is on disk: after a mere kill it may have been in the kernel's memory alone. */
  read(): JournalRecord[] {
    fdatasyncSync(this.#fd)
    return recordsIn(readFileSync(this.#file))
  }

  close(): void {
    closeSync(this.#fd)
  }

  async #lengthen(least: number): Promise<void> {
    const length = Math.ceil(least / STEP) * STEP
    await this.#write(Buffer.alloc(length - this.#length), this.#length)
    this.#length = length
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.#writeSome(bytes, done, position + done)
  }

  /** A disk that is nearly full takes a part. */
  #writeSome(bytes: Buffer, from: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#fd, bytes, from, bytes.length - from, position, (error, written) => {
        if (error === null) resolve(written)
        else reject(error)
      })
    })
  }

  #flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }
}
