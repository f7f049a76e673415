import { resolve } from 'node:path'
import { issueToken } from '../auth/issue-token.ts'
import { SCOPES } from '../core/codes.ts'
import { isId } from '../core/ids.ts'
import { readSecret } from '../local/token-secret.ts'
import { CliError } from './errors.ts'

/** A token signed with `JWT_SECRET`, or else with the secret in the data folder. */
export async function mintToken(userId: string, expiresIn: number, scope?: string): Promise<string> {
  if (!isId(userId)) throw new CliError('a user id has 1 to 128 characters')
  const issuer = process.env['JWT_ISSUER']
  const audience = process.env['JWT_AUDIENCE']
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
  return given ?? process.env['FANOUT_TOKEN'] ?? mintToken('fanout-cli', 300, SCOPES.publish)
}

function secret(): string {
  const configured = process.env['JWT_SECRET']
  if (configured !== undefined && configured !== '') return configured
  const folder = resolve(process.env['DATA_DIR'] ?? '.data')
  try {
    return readSecret(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new CliError(
      `there is no secret to sign with: JWT_SECRET is not set, and no server has run with the data folder ${folder} yet; start one with "npm start", or set JWT_SECRET or DATA_DIR as the server has it`,
    )
  }
}
