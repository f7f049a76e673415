import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { beforeEach, describe, expect, it } from 'vitest'
import { SecretTokenVerifier } from '../../src/aws/token-verifier.ts'
import { hs256, outcomeOf } from '../auth/tokens.ts'
import { ManualClock } from '../contract/manual-clock.ts'
import { RecordingLogger } from '../support/fakes.ts'
import { deferred } from '../support/deferred.ts'
import { type Call, interceptCalls } from './calls.ts'

const OLD = 'the old secret has over 32 bytes too'
const NEW = 'the new secret has over 32 bytes too'
const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:tokens-AbCdEf'
const MINUTE = 60_000

let clock: ManualClock
let logger: RecordingLogger
let calls: Call[]
/** What Secrets Manager answers; undefined: it is down. */
let held: { readonly SecretString?: string } | undefined
let verifier: SecretTokenVerifier

function create(more: { readonly issuer?: string; readonly audience?: string } = {}) {
  const client = new SecretsManagerClient({ region: 'us-east-1' })
  calls = interceptCalls(client, async () => {
    if (held === undefined) throw new Error('Secrets Manager is down')
    return held
  })
  return new SecretTokenVerifier({ client, secretArn: ARN, clock, logger, ...more })
}

beforeEach(() => {
  clock = new ManualClock()
  logger = new RecordingLogger()
  held = { SecretString: OLD }
  verifier = create()
})

const token = (secret: string, more: object = {}) =>
  hs256({ sub: 'ann', exp: clock.now() / 1000 + 3600, ...more }, secret)
const ann = expect.objectContaining({ userId: 'ann' }) as unknown

describe('the secret', () => {
  it('is fetched when the first token comes, and then used', async () => {
    expect(calls).toEqual([])
    for (const _ of [1, 2, 3]) expect(await outcomeOf(verifier, token(OLD))).toEqual(ann)
    expect(await outcomeOf(verifier, token(NEW))).toBe('bad_signature')
    expect(calls.map(({ name, input }) => [name, input])).toEqual([['GetSecretValue', { SecretId: ARN }]])
  })

  it('is fetched once for all who wait for it', async () => {
    const answer = deferred<object>()
    const client = new SecretsManagerClient({ region: 'us-east-1' })
    const made = interceptCalls(client, async () => answer.promise)
    verifier = new SecretTokenVerifier({ client, secretArn: ARN, clock, logger })
    const verifying = [1, 2, 3].map(async () => outcomeOf(verifier, token(OLD)))
    answer.resolve({ SecretString: OLD })
    expect(await Promise.all(verifying)).toEqual([ann, ann, ann])
    expect(made).toHaveLength(1)
  })

  it('is fetched again after five minutes, so that a rotation is seen', async () => {
    await outcomeOf(verifier, token(OLD))
    held = { SecretString: NEW }
    clock.advance(5 * MINUTE - 1)
    expect(await outcomeOf(verifier, token(NEW))).toBe('bad_signature')
    clock.advance(1)
    expect(await outcomeOf(verifier, token(NEW))).toEqual(ann)
    expect(await outcomeOf(verifier, token(OLD))).toBe('bad_signature')
    expect(calls).toHaveLength(2)
  })

  it('comes with the other rules', async () => {
    verifier = create({ issuer: 'https://issuer.example', audience: 'fanout' })
    const good = { iss: 'https://issuer.example', aud: 'fanout' }
    expect(await outcomeOf(verifier, token(OLD, good))).toEqual(ann)
    expect(await outcomeOf(verifier, token(OLD, { ...good, iss: 'x' }))).toBe('wrong_issuer')
    expect(await outcomeOf(verifier, token(OLD, { ...good, aud: 'x' }))).toBe('wrong_audience')
  })
})

describe('a secret that cannot be had', () => {
  it('is not the fault of the token, and the next one tries again', async () => {
    held = undefined
    await expect(verifier.verify(token(OLD))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Secrets Manager is down') as string,
    })
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { secretArn: ARN } }])
    held = { SecretString: OLD }
    expect(await outcomeOf(verifier, token(OLD))).toEqual(ann)
  })

  it('leaves the one that is known in use for an hour, asking for a newer one every half minute', async () => {
    await outcomeOf(verifier, token(OLD))
    held = undefined
    clock.advance(5 * MINUTE)
    for (const _ of [1, 2, 3]) expect(await outcomeOf(verifier, token(OLD))).toEqual(ann)
    expect(calls).toHaveLength(2)
    clock.advance(30_000)
    expect(await outcomeOf(verifier, token(OLD))).toEqual(ann)
    expect(calls).toHaveLength(3)
    clock.advance(54 * MINUTE)
    expect(await outcomeOf(verifier, token(OLD))).toEqual(ann)
    clock.advance(MINUTE)
    await expect(verifier.verify(token(OLD))).rejects.toMatchObject({ code: 'unavailable' })
    held = { SecretString: NEW }
    expect(await outcomeOf(verifier, token(NEW))).toEqual(ann)
  })

  it.each([
    [{ SecretString: 'short' }, 'has 5 bytes; it needs at least 32'],
    [{ SecretString: '' }, 'has 0 bytes; it needs at least 32'],
    [{}, 'it holds bytes; it must be a string'],
  ])('is also one that is no good: %j', async (answer, complaint) => {
    held = answer
    await expect(verifier.verify(token('short'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(complaint) as string,
    })
    expect(logger.text()).toContain(complaint)
  })
})

describe('the log', () => {
  it('never has the secret', async () => {
    for (const secret of [OLD, 'short-secret']) {
      held = { SecretString: secret }
      clock.advance(10 * MINUTE)
      await verifier.verify(token(secret)).catch(() => undefined)
    }
    expect(logger.lines).toHaveLength(1)
    expect(logger.text()).not.toContain('short-secret')
  })
})
