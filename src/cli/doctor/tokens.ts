import { decodeJwt } from 'jose'
import { SCOPES, type Scope } from '../../core/codes.ts'
import { isId } from '../../core/ids.ts'
import { variable } from '../environment.ts'
import { CliError } from '../errors.ts'
import { mintToken } from '../tokens.ts'

export interface TokenOptions {
  readonly readerToken?: readonly string[]
  readonly token?: string
  readonly adminToken?: string
}

/** A token, and what can be read in it. */
export interface Token {
  readonly text: string
  readonly userId: string
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
  readonly issuedAt?: number
  readonly scopes: readonly string[]
}

/** Whom the doctor can be. */
export interface Credentials {
  readonly trainer?: Token
  readonly student?: Token
  readonly publisher?: Token
  readonly admin?: Token
  /** The readers are real users, whose logs get the synthetic events. */
  readonly areReal: boolean
  /** Why there is no token where there is none. */
  readonly missing: string
}

/** The doctor is done long before, and a deployment may think little of tokens that live long. In seconds. */
const LIFE = 600

/**
 * The tokens that were given; what was not given is made from the secret. Where readers' tokens were given, nothing is made: the keys
 * are an issuer's then, and a secret that lies around would only make tokens that are refused.
 *
 * @throws CliError if there is none at all, or one cannot be read
 */
export async function credentialsFor(
  options: TokenOptions,
  users: readonly [string, string],
): Promise<Credentials> {
  const readers = readersIn(options)
  const make =
    readers.length === 0 ? await maker() : noMaker('only what is given is used beside --reader-token')
  const given = async (name: string, text: string | undefined, userId: string, scope?: Scope) =>
    text === undefined ? make.token(userId, scope) : read(name, text)
  const credentials = {
    trainer: await given('--reader-token', readers[0], users[0]),
    student: await given('the second --reader-token', readers[1], users[1]),
    publisher: await given(
      '--token',
      options.token ?? variable('FANOUT_TOKEN'),
      'fanout-doctor',
      SCOPES.publish,
    ),
    admin: await given(
      '--admin-token',
      options.adminToken ?? variable('FANOUT_ADMIN_TOKEN'),
      'fanout-doctor',
      SCOPES.admin,
    ),
  }
  const present = Object.entries(credentials).filter(([, token]) => token !== undefined)
  if (present.length === 0) throw new CliError(make.missing)
  return { ...Object.fromEntries(present), areReal: readers.length > 0, missing: make.missing }
}

function readersIn({ readerToken = [] }: TokenOptions): readonly string[] {
  const environment = ['FANOUT_READER_TOKEN', 'FANOUT_READER_TOKEN_2'].map(variable)
  const readers = readerToken.length > 0 ? readerToken : environment.filter((text) => text !== undefined)
  if (readers.length === 0) return []
  const [first, second] = readers
  if (readers.length !== 2 || first === undefined || second === undefined) {
    throw new CliError(
      `there ${readers.length === 1 ? 'is 1 reader token' : `are ${readers.length} reader tokens`}; give two, of two users: --reader-token twice, or FANOUT_READER_TOKEN and FANOUT_READER_TOKEN_2`,
    )
  }
  if (read('--reader-token', first).userId === read('--reader-token', second).userId) {
    throw new CliError('both reader tokens are of the same user; give one of another user')
  }
  return readers
}

interface Maker {
  readonly missing: string
  token(userId: string, scope?: Scope): Promise<Token | undefined>
}

function noMaker(missing: string): Maker {
  return { missing, token: async () => undefined }
}

async function maker(): Promise<Maker> {
  try {
    await mintToken('fanout-doctor', LIFE)
  } catch (error) {
    if (error instanceof CliError) return noMaker(error.message)
    throw error
  }
  return {
    missing: '',
    token: async (userId, scope) => read('a token made here', await mintToken(userId, LIFE, scope)),
  }
}

/** Without checking it: that is the server's part. @throws CliError; its message never holds the token */
function read(name: string, text: string): Token {
  try {
    const { sub, exp, iat, scope } = decodeJwt(text.trim())
    if (!isId(sub)) throw new TypeError('it names no user')
    return {
      text: text.trim(),
      userId: sub,
      ...(exp !== undefined && { expiresAt: exp * 1000 }),
      ...(iat !== undefined && { issuedAt: iat * 1000 }),
      scopes: typeof scope === 'string' ? scope.split(' ') : [],
    }
  } catch (error) {
    throw new CliError(
      `${name} cannot be used: ${error instanceof TypeError ? error.message : 'it is no JSON Web Token'}`,
    )
  }
}

/** The same claims under a signature that is not theirs. */
export function damaged({ text }: Token): string {
  const at = text.lastIndexOf('.') + 1
  // The first character: of the last one only some of the bits count.
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
}
