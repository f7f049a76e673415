import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How the records in the folder are laid out. To be raised when a folder that exists would be misread. */
const FORMAT = '2'

/** Laid out in the same way, but without a journal: a version that knows only these would not see what is in it. */
const OLDER = ['1']

/**
 * Says in a new folder how it is laid out, and checks it in one that exists. A folder of an older version becomes one of this.
 *
 * @throws if this version cannot read the folder
 */
export function checkFormat(folder: string): void {
  const file = join(folder, 'format')
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  if (found === FORMAT) return
  if (found === undefined || OLDER.includes(found)) {
    writeDurably(file, `${FORMAT}\n`)
    return
  }
  throw new Error(
    `the data folder ${folder} has format ${JSON.stringify(found)}, and this version of event-fanout reads only ` +
      `formats ${[...OLDER, FORMAT].join(' and ')}; run the version that wrote it, or use another folder`,
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
