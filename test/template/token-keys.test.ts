/** Permissions where tokens are verified by other keys than a generated secret, which end-to-end.test.ts has. */
import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { policiesOf } from '../../src/template-runner/permissions/of-assembly.ts'
import { type PermissionProof, provePermissions } from '../../src/template-runner/permissions/proof.ts'
import { permissionReport } from '../../src/template-runner/permissions/report.ts'
import { Client, handshake } from '../e2e/client.ts'
import { post, request } from '../e2e/http.ts'
import { type Claims, tokenFor } from '../e2e/tokens.ts'
import { assemblyOf, BACKEND, SECRET, serveStack, type ServedStack } from './served.ts'
import { startTlsIssuer, type TlsIssuer } from './tls-issuer.ts'

const THEIR_SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:theirs-AbCdEf'
/** A customer managed key, which encrypts that secret. */
const THEIR_KEY = 'arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-4000-8000-000000000000'

/** Those that verify tokens. */
const VERIFYING = ['authorize', 'publish', 'recent', 'inspect', 'disconnectUser'] as const

let issuer: TlsIssuer | undefined
afterAll(() => issuer?.stop())

const byIssuer = serveStack(async () => {
  issuer = await startTlsIssuer()
  return {
    props: { jwksUrl: issuer.jwksUrl },
    // No authority has signed the certificate of a loopback address.
    change: ({ fanout }) => {
      for (const name of VERIFYING) fanout.functions[name].addEnvironment('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    },
    secrets: {},
  }
})
const byTheirSecret = serveStack({
  props: { jwtSecretArn: THEIR_SECRET, jwtSecretKeyArn: THEIR_KEY },
  secrets: { [THEIR_SECRET]: SECRET },
})

/** Connects, publishes, polls, looks at a user and disconnects them, each with a token. */
async function useTokens(target: ServedStack, token: (claims: Claims) => string): Promise<void> {
  const userId = randomUUID()
  const client = await Client.over(handshake(target.wsUrl, 'header', token({ sub: userId })))
  const event = { type: 'T', id: randomUUID(), userId }
  const publisher = token({ sub: 'backend', scope: 'events:publish' })
  expect(await post(target, event, publisher)).toMatchObject({ status: 200 })
  expect(await client.next()).toMatchObject({ type: 'event', event })
  const { status, json } = await request(`${target.httpUrl}/api/v1/events/recent`, {
    headers: { authorization: `Bearer ${token({ sub: userId })}` },
  })
  expect({ status, json }).toMatchObject({ status: 200, json: { events: [{ event }] } })
  const authorization = `Bearer ${token({ sub: 'admin', scope: 'events:admin' })}`
  for (const [method, what] of [
    ['GET', 'status'],
    ['DELETE', 'connections'],
  ]) {
    const url = `${target.httpUrl}/api/v1/users/${userId}/${what}`
    expect(await request(url, { method: method!, headers: { authorization } })).toMatchObject({ status: 200 })
  }
}

function prove(target: ServedStack): PermissionProof {
  const calls = target.running.recording.calls.filter(({ caller }) => caller !== BACKEND)
  return provePermissions({
    ...policiesOf(target.assembly),
    calls,
    secretKeys: { [THEIR_SECRET]: THEIR_KEY },
    // Source: KMS developer guide, conditions-kms.
    conditionKeys: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' },
  })
}

const isOfSecrets = ({ action }: { readonly action: string }): boolean =>
  /^(secretsmanager|kms):/.test(action)

/** Everything that the functions may do, but for secrets. */
function otherRights({ used, unused }: PermissionProof): string[] {
  return [...used, ...unused]
    .filter((right) => !isOfSecrets(right))
    .map(({ functions, action, resource }) => `${functions.join(', ')}: ${action} on ${resource}`)
    .sort()
}

/** What end-to-end.test.ts proves to be used and enough. */
const rightsOfDefault = (): string[] =>
  otherRights(provePermissions({ ...policiesOf(assemblyOf({})), calls: [] }))

describe('with the keys of an issuer', () => {
  it('no function may read a secret, and none wants to', async () => {
    await useTokens(byIssuer, (claims) => issuer!.token(claims))
    expect(issuer!.asked).toBeGreaterThanOrEqual(VERIFYING.length)
    const proof = prove(byIssuer)
    expect(proof.missing, permissionReport(proof)).toEqual([])
    expect([...proof.used, ...proof.unused].filter(isOfSecrets)).toEqual([])
    expect(byIssuer.running.recording.calls.filter(({ service }) => service === 'secretsmanager')).toEqual([])
  })

  it('all other rights are those of the default', () => {
    expect(otherRights(prove(byIssuer))).toEqual(rightsOfDefault())
  })
})

describe('with a secret of the user’s own, under a key of theirs', () => {
  it('exactly those that verify tokens may read and decrypt it, and do', async () => {
    await useTokens(byTheirSecret, (claims) => tokenFor(byTheirSecret, String(claims['sub']), claims))
    const proof = prove(byTheirSecret)
    expect(proof.missing, permissionReport(proof)).toEqual([])
    expect(proof.unused.filter(isOfSecrets)).toEqual([])
    expect(proof.wider).toEqual([])
    const rights = proof.used.filter(isOfSecrets)
    expect(rights.map(({ functions, action, resource }) => [functions, action, resource]).sort()).toEqual(
      VERIFYING.flatMap((name) => [
        [[byTheirSecret.idOf(name)], 'secretsmanager:GetSecretValue', THEIR_SECRET],
        [[byTheirSecret.idOf(name)], 'kms:Decrypt', THEIR_KEY],
      ]).sort(),
    )
    const reads = rights.filter(({ action }) => action === 'secretsmanager:GetSecretValue')
    for (const { calls } of reads) expect(calls).toBeGreaterThan(0)
  })

  it('all other rights are those of the default', () => {
    expect(otherRights(prove(byTheirSecret))).toEqual(rightsOfDefault())
  })

  it('is not content where the key may not be used, or by another service alone', () => {
    const calls = byTheirSecret.running.recording.calls.filter(({ caller }) => caller !== BACKEND)
    const policies = policiesOf(byTheirSecret.assembly)
    const proveWith = (key: string, service: string) =>
      provePermissions({
        ...policies,
        calls,
        secretKeys: { [THEIR_SECRET]: key },
        conditionKeys: { 'kms:ViaService': service },
      }).missing.map(({ action, resource }) => `${action} on ${resource}`)
    const other = THEIR_KEY.replace('0a1b', 'ffff')
    expect(proveWith(other, 'secretsmanager.us-east-1.amazonaws.com')).toEqual(
      VERIFYING.map(() => `kms:Decrypt on ${other}`),
    )
    expect(proveWith(THEIR_KEY, 's3.us-east-1.amazonaws.com')).toEqual(
      VERIFYING.map(() => `kms:Decrypt on ${THEIR_KEY}`),
    )
  })
})
