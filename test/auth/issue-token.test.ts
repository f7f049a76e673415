import { describe, expect, it } from 'vitest'
import { issueToken } from '../../src/auth/issue-token.ts'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { outcomeOf } from './tokens.ts'

const SECRET = 'x'.repeat(32)

describe('a token issued for development', () => {
  it('is one that the server takes', async () => {
    const verifier = createTokenVerifier({
      keys: { secret: SECRET },
      clock: Date,
      issuer: 'i',
      audience: 'a',
    })
    const request = { userId: 'ann', expiresIn: 3600, scope: 'events:publish', issuer: 'i', audience: 'a' }
    expect(await outcomeOf(verifier, await issueToken(SECRET, request))).toMatchObject({
      userId: 'ann',
      scopes: ['events:publish'],
    })
    const bare = await issueToken(SECRET, { userId: 'ann', expiresIn: 3600 })
    expect(await outcomeOf(verifier, bare)).toBe('wrong_issuer')
  })

  it('may have expired already', async () => {
    const verifier = createTokenVerifier({ keys: { secret: SECRET }, clock: Date })
    const token = await issueToken(SECRET, { userId: 'ann', expiresIn: -60 })
    expect(await outcomeOf(verifier, token)).toBe('expired')
  })
})
