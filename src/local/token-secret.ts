import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a generated secret is kept: `fanout token` signs with it, so that everything works without configuration. */
export function secretFile(dataDir: string): string {
  return join(dataDir, 'jwt-secret')
}

/** @throws with `code: 'ENOENT'` if no server has generated one in this folder yet */
export function readSecret(dataDir: string): string {
  return readFileSync(secretFile(dataDir), 'utf8').trim()
}

/** The folder's secret; made at the first start. The caller holds the folder's lock. */
export function readOrGenerateSecret(dataDir: string): string {
  try {
    return readSecret(dataDir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const secret = randomBytes(48).toString('base64url')
  // Renamed into place: a crash in between must not leave half a secret, with which no start would succeed.
  const draft = `${secretFile(dataDir)}.new`
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flush: true })
  renameSync(draft, secretFile(dataDir))
  return secret
}
