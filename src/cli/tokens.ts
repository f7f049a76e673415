import { resolve } from 'node:path'
import { issueToken } from '../auth/issue-token.ts'
import { MIN_SECRET_BYTES } from '../auth/verify-token.ts'
import { SCOPES } from '../core/codes.ts'
import { isId } from '../core/ids.ts'
import { readSecret, secretFile } from '../local/token-secret.ts'
import { variable } from './environment.ts'
import { CliError } from './errors.ts'

/** A token signed with `JWT_SECRET`, or else with the secret in the data folder. */
export async function mintToken(userId: string, expiresIn: number, scope?: string): Promise<string> {
  if (!isId(userId)) throw new CliError('a user id has 1 to 128 characters')
  const issuer = variable('JWT_ISSUER')
  const audience = variable('JWT_AUDIENCE')
  return issueToken(secret(), {
    userId,
    expiresIn,
    ...(scope !== undefined && { scope }),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  })
}

/** What `emit` uses: the token given, or one made for this call. */
export async function publisherToken(given: string | undefined): Promise<string> {
  return given ?? variable('FANOUT_TOKEN') ?? mintToken('fanout-cli', 300, SCOPES.publish)
}

/** What looking at receipts and users takes: the token given, or one made for this call. */
export async function adminToken(given: string | undefined): Promise<string> {
  return given ?? variable('FANOUT_ADMIN_TOKEN') ?? mintToken('fanout-cli', 300, SCOPES.admin)
}

function secret(): string {
  const configured = variable('JWT_SECRET')
  if (configured !== undefined) return longEnough(configured, 'JWT_SECRET')
  const folder = resolve(variable('DATA_DIR') ?? '.data')
  try {
    return longEnough(readSecret(folder), secretFile(folder))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new CliError(
      `there is no secret to sign with: JWT_SECRET is not set, and no server has run with the data folder ${folder} yet; start one with "npm start", or set JWT_SECRET or DATA_DIR as the server has it`,
    )
  }
}

/** No server would start with a shorter one, so nobody would take what it signs. */
function longEnough(secret: string, source: string): string {
  const bytes = Buffer.byteLength(secret)
  if (bytes >= MIN_SECRET_BYTES) return secret
  throw new CliError(`${source} has ${bytes} bytes; a secret needs at least ${MIN_SECRET_BYTES}`)
}
