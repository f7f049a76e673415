import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How the records in the folder are laid out. To be raised when a folder that exists would be misread. */
const FORMAT = '1'

/**
 * Says in a new folder how it is laid out, and checks it in one that exists.
 *
 * @throws if this version cannot read the folder
 */
export function checkFormat(folder: string): void {
  const file = join(folder, 'format')
  if (!existsSync(file)) {
    writeDurably(file, `${FORMAT}\n`)
    return
  }
  const found = readFileSync(file, 'utf8').trim()
  if (found === FORMAT) return
  throw new Error(
    `the data folder ${folder} has format ${JSON.stringify(found)}, and this version of event-fanout reads only ` +
      `format ${FORMAT}; run the version that wrote it, or use another folder`,
  )
}

/** Whole or not at all. */
function writeDurably(file: string, text: string): void {
  const draft = `${file}.new`
  writeFileSync(draft, text, { mode: 0o600, flush: true })
  renameSync(draft, file)
}

/** A file survives a power cut only if its name in the folder does. */
export function syncFolder(folder: string): void {
  // Windows has no such call, and opens no folder as a file.
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
