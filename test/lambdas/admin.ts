/** What every route that needs the scope `events:admin` must do with the tokens it gets. */
import { expect, it } from 'vitest'
import type { HttpHandler } from '../../lambdas/shared/http.ts'
import { TOKEN_REFUSALS } from '../../src/core/codes.ts'
import { FanoutError } from '../../src/core/errors.ts'
import type { World } from '../support/fakes.ts'
import { bodyOf, httpEvent, problem, PROBLEM_HEADERS, ScriptedVerifier } from './events.ts'

export const SECRETS = Object.fromEntries(
  TOKEN_REFUSALS.map((reason) => [`the-secret-token-${reason}`, reason] as const),
)

/** `ann` and `bob` are clients, `backend` publishes, `admin` may look and disconnect. */
export const verifier = new ScriptedVerifier({
  ...SECRETS,
  ann: { userId: 'ann' },
  bob: { userId: 'bob', scopes: ['openid', 'events:administer', 'admin', ''] },
  backend: { userId: 'backend', scopes: ['events:publish'] },
  admin: { userId: 'admin', scopes: ['openid', 'events:admin'] },
  'the-secret-token-of-nobody': new FanoutError('unavailable', 'the issuer is down'),
})

export interface AdminRoute {
  readonly routeKey: string
  readonly id: string
  readonly query?: string
}

/**
 * @param subject the world and the handler of the test that runs
 * @param hidden what no answer without the scope may hold
 */
export function describeAdmission(
  routes: readonly AdminRoute[],
  subject: () => { readonly world: World; readonly handler: HttpHandler },
  hidden: readonly string[],
): void {
  const ask = async (route: AdminRoute, token?: string) =>
    subject().handler(httpEvent({ ...route, ...(token !== undefined && { token }) }))

  it('refuses every bad token with the same bytes, the reason in the log alone', async () => {
    const { world } = subject()
    const answers = new Set<string>()
    for (const route of routes) {
      answers.add(JSON.stringify(await ask(route)))
      for (const token of Object.keys(SECRETS)) answers.add(JSON.stringify(await ask(route, token)))
    }
    expect([...answers].map((answer) => JSON.parse(answer) as object)).toEqual([
      {
        statusCode: 401,
        headers: { ...PROBLEM_HEADERS, 'www-authenticate': 'Bearer' },
        body: JSON.stringify({
          type: 'urn:event-fanout:problem:unauthorized',
          title: 'A valid token is required',
          status: 401,
          detail: 'send a valid token as "Authorization: Bearer …"',
          code: 'unauthorized',
        }),
      },
    ])
    const reasons = world.logger.lines
      .filter(({ message }) => message === 'token refused')
      .map(({ fields }) => (fields as { reason: string }).reason)
    expect(reasons).toEqual(routes.flatMap(() => ['missing', ...TOKEN_REFUSALS]))
    expect(world.logger.text()).not.toContain('the-secret-token')
    for (const reason of TOKEN_REFUSALS) {
      const times = reason === 'missing' ? 2 : 1
      expect(world.metrics.counts[`tokensRefused:${reason}`]).toBe(routes.length * times)
    }
  })

  it('refuses an administrator who was disconnected since the token was issued', async () => {
    const { world } = subject()
    await world.revocations.revoke('admin', world.clock.now() + 1)
    for (const route of routes) {
      const { statusCode, body } = await ask(route, 'admin')
      expect([statusCode, body]).toEqual([401, (await ask(route)).body])
      for (const text of hidden) expect(body).not.toContain(text)
    }
    expect(world.metrics.counts['tokensRefused:revoked']).toBe(routes.length)
  })

  it.each(['ann', 'bob', 'backend'])(
    'refuses a good token without the scope, a recipient’s and a publisher’s alike: %s',
    async (token) => {
      for (const route of routes) {
        const answer = await ask(route, token)
        expect([answer.statusCode, answer.headers]).toEqual([403, PROBLEM_HEADERS])
        expect(bodyOf(answer)).toEqual(problem('forbidden', 403, {}))
        for (const text of hidden) expect(JSON.stringify(answer)).not.toContain(text)
      }
    },
  )

  it('answers the same to whoever lacks the scope, whether there is such a thing or not', async () => {
    for (const route of routes) {
      const there = await ask(route, 'backend')
      expect(await ask({ ...route, id: 'nothing-of-the-kind' }, 'backend')).toEqual(there)
      expect(await ask({ ...route, id: '', query: 'include=x&user=&device=' }, 'backend')).toEqual(there)
    }
  })

  it('does not refuse a token that cannot be judged: 503', async () => {
    for (const route of routes) {
      const answer = await ask(route, 'the-secret-token-of-nobody')
      expect([answer.statusCode, answer.headers?.['retry-after']]).toEqual([503, '1'])
      expect(answer.body).not.toContain('issuer')
    }
    expect(subject().world.logger.text()).not.toContain('the-secret-token')
  })

  it.each(['', 'x'.repeat(129), '\ud800'])('refuses what can be no id: %j', async (id) => {
    for (const route of routes) {
      const answer = await ask({ ...route, id }, 'admin')
      expect(answer.statusCode).toBe(400)
      expect(bodyOf(answer)).toEqual(problem('invalid_query', 400, { path: 'id' }))
    }
  })

  it('refuses an address without an id', async () => {
    for (const { routeKey } of routes) {
      const answer = await subject().handler(httpEvent({ routeKey, token: 'admin' }))
      expect(answer.statusCode).toBe(400)
    }
  })
}
