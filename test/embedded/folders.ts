import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataFolder, type DataFolderOptions, openDataFolder } from '../../src/embedded/data-folder.ts'

/** A folder of this test alone. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'event-fanout-test-'))
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

/** An open data folder that can be closed and opened again, and is removed in the end. */
export class TestFolder {
  readonly path = temporaryFolder()
  readonly #options: DataFolderOptions
  #open: DataFolder

  constructor(options: DataFolderOptions = {}) {
    this.#options = options
    this.#open = openDataFolder(this.path, options)
  }

  get open(): DataFolder {
    return this.#open
  }

  async reopen(): Promise<DataFolder> {
    await this.#open.close()
    this.#open = openDataFolder(this.path, this.#options)
    return this.#open
  }

  async remove(): Promise<void> {
    await this.#open.close()
    removeFolder(this.path)
  }
}
