import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTokenVerifier } from '../../src/auth/verify-token.ts'
import { SECRET } from '../e2e/deployment.ts'
import { folderForTest } from '../e2e/server-process.ts'
import { run } from './cli-process.ts'

const env = { JWT_SECRET: SECRET }

function claimsIn(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

describe('fanout token', () => {
  it('prints a token that the server takes, good for an hour', async () => {
    const { code, stdout, stderr } = await run(['token', '--user', 'trainer-1'], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const verifier = createTokenVerifier({ keys: { secret: SECRET }, clock: Date })
    const { userId, scopes } = await verifier.verify(stdout.trim())
    expect({ userId, scopes }).toEqual({ userId: 'trainer-1', scopes: [] })
    const { iat, exp } = claimsIn(stdout)
    expect(Number(exp) - Number(iat)).toBe(3600)
    expect(stdout.endsWith('\n')).toBe(true)
  })

  it('has the scope, time, issuer and audience asked for', async () => {
    const { stdout } = await run(['token', '--user', 'u', '--scope', 'events:publish', '--expires', '7d'], {
      env: { ...env, JWT_ISSUER: 'me', JWT_AUDIENCE: 'fanout' },
    })
    const { iat, exp, ...claims } = claimsIn(stdout)
    expect(claims).toEqual({ scope: 'events:publish', sub: 'u', iss: 'me', aud: 'fanout' })
    expect(Number(exp) - Number(iat)).toBe(7 * 86_400)
  })

  it('may have expired already', async () => {
    for (const args of [['--expires', '-1h'], ['--expires=-1h']]) {
      const { iat, exp } = claimsIn((await run(['token', '--user', 'u', ...args], { env })).stdout)
      expect(Number(exp) - Number(iat)).toBe(-3600)
    }
  })

  it('is signed with the secret in the data folder where none is set', async () => {
    const cwd = folderForTest()
    mkdirSync(join(cwd, '.data'))
    writeFileSync(join(cwd, '.data', 'jwt-secret'), `${SECRET}\n`)
    const verifier = createTokenVerifier({ keys: { secret: SECRET }, clock: Date })
    for (const options of [
      { cwd },
      { cwd, env: { JWT_SECRET: '', DATA_DIR: '', JWT_ISSUER: '' } },
      { env: { DATA_DIR: join(cwd, '.data') } },
    ]) {
      const { stdout } = await run(['token', '--user', 'u'], options)
      expect(await verifier.verify(stdout.trim())).toMatchObject({ userId: 'u' })
      expect(claimsIn(stdout)).not.toHaveProperty('iss')
    }
  })
})

describe('fanout token fails in one line', () => {
  it.each([
    [
      'without a secret',
      ['--user', 'u'],
      {},
      /^fanout: there is no secret to sign with: JWT_SECRET is not set.*\n$/,
    ],
    [
      'with a short secret',
      ['--user', 'u'],
      { JWT_SECRET: 'short' },
      /^fanout: JWT_SECRET has 5 bytes; a secret needs at least 32\n$/,
    ],
    ['for nobody', ['--user', ''], env, /^fanout: a user id has 1 to 128 characters\n$/],
    [
      'for too long a name',
      ['--user', 'x'.repeat(129)],
      env,
      /^fanout: a user id has 1 to 128 characters\n$/,
    ],
    [
      'for a strange time',
      ['--user', 'u', '--expires', 'soon'],
      env,
      /^fanout: "soon" is not a duration; .*\n$/,
    ],
  ])('%s', async (_, args, environment, message) => {
    const { code, stdout, stderr } = await run(['token', ...args], { env: environment, cwd: folderForTest() })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('with an empty secret in the data folder', async () => {
    const folder = folderForTest()
    writeFileSync(join(folder, 'jwt-secret'), '')
    const { code, stderr } = await run(['token', '--user', 'u'], { env: { DATA_DIR: folder } })
    expect(code).toBe(1)
    expect(stderr).toBe(`fanout: ${join(folder, 'jwt-secret')} has 0 bytes; a secret needs at least 32\n`)
  })
})

describe('fanout', () => {
  it('tells its version, and what it can do', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' })
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    for (const command of ['token', 'emit', 'tail']) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
  })

  it.each([[['unknown']], [['token']], [['emit']], [['token', '--user', 'u', '--nonsense']]])(
    'fails for %j',
    async (args) => {
      const { code, stdout, stderr } = await run(args, { env })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^error: /)
    },
  )
})
