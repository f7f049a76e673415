import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assetHandler, pageHandler } from '../../src/local/console-files.ts'
import type { HttpEvent } from '../../lambdas/shared/http.ts'
import { SECRET } from '../e2e/deployment.ts'
import { folderForTest, root, ServerProcess } from '../e2e/server-process.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

type Headers = Readonly<Record<string, string>>

/** Not `fetch`: it would not let a test say who it is. */
async function ask(url: string, headers: Headers = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
      .once('error', reject)
      .end(body)
  })
}

let server: ServerProcess
beforeAll(async () => {
  if (!existsSync(join(root, 'dist/console/index.html'))) {
    throw new Error('dist/console is not there: run "npm run build" first')
  }
  server = new ServerProcess()
  await server.logged('serving')
})
afterAll(() => server.dispose())

const host = (): string => new URL(server.httpUrl).host
const port = (): string => new URL(server.httpUrl).port
const wsPort = (): number => Number(new URL(server.wsUrl).port)

describe('the page', () => {
  it('comes with a policy that lets it reach its own server, and nothing else', async () => {
    const { status, headers, text } = await ask(`${server.httpUrl}/`)
    expect(status).toBe(200)
    expect(text).toContain('<title>event-fanout console</title>')
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://127.0.0.1:${wsPort()} wss://127.0.0.1:${wsPort()}; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    })
  })

  it.each([
    ['localhost:3000', "connect-src 'self' ws://localhost:PORT wss://localhost:PORT;"],
    ['my-laptop.local', "connect-src 'self' ws://my-laptop.local:PORT wss://my-laptop.local:PORT;"],
    ['[::1]:3000', "connect-src 'self' ws: wss:;"],
    ["evil'; script-src *", "connect-src 'self';"],
    ['evil.example;script-src', "connect-src 'self';"],
  ])('may open sockets to the host that it was opened on, here %s', async (name, policy) => {
    const { headers } = await ask(`${server.httpUrl}/`, { host: name })
    expect(headers['content-security-policy']).toContain(policy.replaceAll('PORT', String(wsPort())))
    expect(headers['content-security-policy']).not.toContain('script-src *')
  })

  it('is not sent again as long as it is the same', async () => {
    const { etag = '' } = (await ask(`${server.httpUrl}/`)).headers
    const again = await ask(`${server.httpUrl}/`, { 'if-none-match': `"other", W/${etag}` })
    expect(again).toMatchObject({ status: 304, text: '' })
    expect(again.headers.etag).toBe(etag)
    expect((await ask(`${server.httpUrl}/`, { 'if-none-match': '"other"' })).status).toBe(200)
  })

  it('loads files that may be kept for ever', async () => {
    const { text } = await ask(`${server.httpUrl}/`)
    const paths = [...text.matchAll(/(?:src|href)="(.*?)"/g)].map(([, path = '']) => path)
    const types = await Promise.all(
      paths.map(async (path) => {
        const { status, headers } = await ask(`${server.httpUrl}${path}`)
        expect(status).toBe(200)
        expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
        expect(headers['x-content-type-options']).toBe('nosniff')
        return headers['content-type']
      }),
    )
    const script = 'text/javascript; charset=utf-8'
    expect(types).toEqual(['image/svg+xml', script, 'text/css; charset=utf-8', script])
  })

  it.each([
    'nothing.js',
    'index.html',
    '..%2f..%2fpackage.json',
    '..%2f..%2f..%2fpackage.json%00.js',
    '%2fetc%2fpasswd',
    '.hidden.js',
    'a%2fb.js',
  ])('has no file %s', async (name) => {
    const { status, text } = await ask(`${server.httpUrl}/console/${name}`)
    expect({ status, text }).toEqual({ status: 404, text: 'The console has no such file.\n' })
  })

  it('stays in its folder, whatever a name says', async () => {
    const folder = folderForTest()
    mkdirSync(join(folder, 'console'))
    writeFileSync(join(folder, 'outside.js'), 'outside')
    writeFileSync(join(folder, 'console/inside-HASH.js'), 'inside')
    const handler = assetHandler(() => join(folder, 'console'))
    const get = async (file: string) => handler({ pathParameters: { file } } as unknown as HttpEvent)
    expect(await get('inside-HASH.js')).toMatchObject({ statusCode: 200, body: 'inside' })
    for (const name of ['../outside.js', '..\\outside.js', '/outside.js', `${folder}/outside.js`]) {
      expect(await get(name)).toMatchObject({ statusCode: 404 })
    }
  })

  it('that is not built says what to do', async () => {
    const event = { headers: { host: '127.0.0.1' } } as unknown as HttpEvent
    const empty = folderForTest()
    const handlers = [
      pageHandler(
        () => 1,
        () => undefined,
      ),
      pageHandler(
        () => 1,
        () => empty,
      ),
    ]
    for (const handler of handlers) {
      expect(await handler(event)).toMatchObject({
        statusCode: 503,
        body: 'The console is not built: run "npm run build". CONSOLE=0 turns it off.\n',
      })
    }
  })

  it('is named in the banner', async () => {
    expect(await server.banner()).toContain(`  console    ${server.httpUrl}/\n`)
  })
})

describe('CONSOLE=0', () => {
  it('takes the page and its tokens away', async () => {
    const off = await ServerProcess.forTest({ CONSOLE: '0' })
    for (const path of ['/', '/console/config', '/console/main.js']) {
      expect((await ask(`${off.httpUrl}${path}`)).status).toBe(404)
    }
    const post = ask(`${off.httpUrl}/console/token`, fromThePage(off), 'POST', good)
    expect((await post).status).toBe(404)
    expect(await off.banner()).not.toContain('console')
  })
})

const good = JSON.stringify({ userId: 'trainer-1', expiresIn: 60 })

/** What a browser sends when the page asks. */
function fromThePage({ httpUrl }: ServerProcess): Headers {
  return {
    origin: httpUrl,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  }
}

describe('a token for the page', () => {
  const token = async (headers: Headers, body = good) =>
    ask(`${server.httpUrl}/console/token`, headers, 'POST', body)
  const tokenIn = ({ text }: Answer): string => (JSON.parse(text) as { token: string }).token
  const authorized = async (path: string, jwt: string, method = 'GET', body = '') =>
    ask(`${server.httpUrl}${path}`, { authorization: `Bearer ${jwt}` }, method, body)

  it('lets read one log, and not publish', async () => {
    const answer = await token(fromThePage(server))
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
    const jwt = tokenIn(answer)
    expect((await authorized('/api/v1/events/recent', jwt)).status).toBe(200)
    expect((await authorized('/api/v1/events', jwt, 'POST', '{}')).status).toBe(403)
  })

  it('lets publish if that is asked for', async () => {
    const body = JSON.stringify({ userId: 'console', expiresIn: 60, scope: 'events:publish' })
    const jwt = tokenIn(await token(fromThePage(server), body))
    const event = JSON.stringify({ type: 'T', timestamp: 1, userId: 'console-test' })
    expect((await authorized('/api/v1/events', jwt, 'POST', event)).status).toBe(200)
  })

  it('lets look at events if that is asked for, and not publish', async () => {
    const body = JSON.stringify({ userId: 'console', expiresIn: 60, scope: 'events:admin' })
    const jwt = tokenIn(await token(fromThePage(server), body))
    // Nothing is there under this id; without the scope not even that is told.
    expect((await authorized('/api/v1/events/none/receipt', jwt)).status).toBe(404)
    expect((await authorized('/api/v1/events', jwt, 'POST', '{}')).status).toBe(403)
    const reader = tokenIn(await token(fromThePage(server)))
    expect((await authorized('/api/v1/events/none/receipt', reader)).status).toBe(403)
  })

  it('may have ended, and is refused then', async () => {
    const body = JSON.stringify({ userId: 'trainer-1', expiresIn: -60 })
    const jwt = tokenIn(await token(fromThePage(server), body))
    expect((await authorized('/api/v1/events/recent', jwt)).status).toBe(401)
  })

  it('is given without Sec-Fetch-Site, which older browsers do not send', async () => {
    const { 'sec-fetch-site': _site, ...headers } = fromThePage(server)
    expect((await token(headers)).status).toBe(200)
  })

  it('is given under each name of this machine', async () => {
    for (const name of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]']) {
      const headers = {
        ...fromThePage(server),
        host: `${name}:${port()}`,
        origin: `http://${name}:${port()}`,
      }
      expect((await token(headers)).status).toBe(200)
    }
  })

  const refusals: readonly (readonly [string, () => Headers])[] = [
    ['a page of another site', () => ({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })],
    ['a page of another port', () => ({ origin: 'http://127.0.0.1:5173', 'sec-fetch-site': 'same-site' })],
    [
      'a page of the other name',
      () => ({ origin: `http://localhost:${port()}`, 'sec-fetch-site': 'cross-site' }),
    ],
    ['a page over TLS', () => ({ origin: `https://${host()}` })],
    ['a sandboxed page', () => ({ origin: 'null', 'sec-fetch-site': 'cross-site' })],
    ['a foreign page that says nothing of its site', () => ({ origin: 'https://evil.example' })],
    ['who is of this origin, and of another site', () => ({ 'sec-fetch-site': 'cross-site' })],
    [
      'a foreign name that leads here (DNS rebinding)',
      () => ({ host: `evil.example:${port()}`, origin: `http://evil.example:${port()}` }),
    ],
    [
      'a foreign name that looks like ours',
      () => ({ host: `127.0.0.1.evil.example:${port()}`, origin: `http://127.0.0.1.evil.example:${port()}` }),
    ],
    ['a Host that is none', () => ({ host: '127.0.0.1:1:2', origin: 'http://127.0.0.1:1:2' })],
    ['a form, which needs no preflight', () => ({ 'content-type': 'text/plain' })],
    ['a form of another type', () => ({ 'content-type': 'application/x-www-form-urlencoded' })],
    ['who came through a proxy', () => ({ 'x-forwarded-for': '203.0.113.7' })],
    ['who came through another proxy', () => ({ forwarded: 'for=203.0.113.7' })],
  ]

  it.each(refusals)('is refused to %s', async (_, changes) => {
    const { status, headers, text } = await token({ ...fromThePage(server), ...changes() })
    expect(status).toBe(403)
    expect(headers['cache-control']).toBe('no-store')
    expect(text).toMatch(/^\{"message":"no token is given: [^{}]+"\}$/)
  })

  it('is refused to who names no origin', async () => {
    const { origin: _origin, ...headers } = fromThePage(server)
    expect((await token(headers)).status).toBe(403)
  })

  it('is not to be had with GET', async () => {
    expect((await ask(`${server.httpUrl}/console/token`, fromThePage(server))).status).toBe(404)
  })

  it.each([
    ['', 'the body must be a JSON object'],
    ['null', 'the body must be a JSON object'],
    ['{"expiresIn":60}', 'userId must be a string of 1 to 128 characters'],
    ['{"userId":"","expiresIn":60}', 'userId must be a string of 1 to 128 characters'],
    ['{"userId":"u"}', 'expiresIn must be a whole number of seconds from -3600 to 3600'],
    ['{"userId":"u","expiresIn":3601}', 'expiresIn must be a whole number of seconds from -3600 to 3600'],
    ['{"userId":"u","expiresIn":-3601}', 'expiresIn must be a whole number of seconds from -3600 to 3600'],
    ['{"userId":"u","expiresIn":1.5}', 'expiresIn must be a whole number of seconds from -3600 to 3600'],
    ...['"events:all"', '"events:publish events:admin"', '""', '["events:admin"]', 'null'].map((scope) => [
      `{"userId":"u","expiresIn":60,"scope":${scope}}`,
      'scope must be left out or one of events:publish, events:admin',
    ]),
  ])('asked for with %j is answered with what is wrong', async (body, message) => {
    const { status, text } = await token(fromThePage(server), body)
    expect({ status, text }).toEqual({ status: 400, text: JSON.stringify({ message }) })
  })

  it('has the issuer and the audience that the server expects', async () => {
    const strict = await ServerProcess.forTest({ JWT_ISSUER: 'me', JWT_AUDIENCE: 'fanout' })
    const answer = await ask(`${strict.httpUrl}/console/token`, fromThePage(strict), 'POST', good)
    const headers = { authorization: `Bearer ${tokenIn(answer)}` }
    expect((await ask(`${strict.httpUrl}/api/v1/events/recent`, headers)).status).toBe(200)
  })

  it.each([
    ['keys of its own', { JWT_SECRET: SECRET }, 'its keys are configured, with JWT_SECRET or JWT_JWKS_URL'],
    [
      'keys of an issuer',
      { JWT_JWKS_URL: 'http://127.0.0.1:1/keys' },
      'its keys are configured, with JWT_SECRET or JWT_JWKS_URL',
    ],
    ['a port that others reach', { HOST: '0.0.0.0' }, 'it listens on 0.0.0.0, not on this machine alone'],
  ])('is not given by a server with %s, and the page is told why', async (_, environment, why) => {
    const other = await ServerProcess.forTest({ ...environment })
    const url = other.httpUrl.replace('0.0.0.0', '127.0.0.1')
    const headers = { ...fromThePage(other), origin: url }
    const { status, text } = await ask(`${url}/console/token`, headers, 'POST', good)
    expect({ status, text }).toEqual({
      status: 403,
      text: JSON.stringify({ message: `no token is given: ${why}` }),
    })
    expect(JSON.parse((await ask(`${url}/console/config`)).text)).toMatchObject({ whyNoTokens: why })
  })
})

describe('what the page is told', () => {
  it('is where the sockets are, and that there are tokens', async () => {
    const { text } = await ask(`${server.httpUrl}/console/config`)
    expect(JSON.parse(text)).toEqual({ wsPort: wsPort(), whyNoTokens: null, originAllowed: true })
  })

  it('is that there are none under a foreign name', async () => {
    const { text } = await ask(`${server.httpUrl}/console/config`, { host: 'my-laptop.local' })
    expect(JSON.parse(text)).toMatchObject({
      whyNoTokens: 'the page was not opened by a name of this machine, as 127.0.0.1 or localhost',
    })
  })

  it('is whether ALLOWED_ORIGINS lets its sockets in', async () => {
    const strict = await ServerProcess.forTest({
      ALLOWED_ORIGINS: 'http://localhost:7777,https://app.example.com',
    })
    const allowed = async (name: string): Promise<unknown> =>
      JSON.parse((await ask(`${strict.httpUrl}/console/config`, { host: name })).text)
    expect(await allowed(`127.0.0.1:7777`)).toMatchObject({ originAllowed: false })
    expect(await allowed('localhost:7777')).toMatchObject({ originAllowed: true })
  })
})
