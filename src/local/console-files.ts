import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HttpEvent, HttpHandler, HttpResult } from '../../lambdas/shared/http.ts'
import { hostnameOf } from './console-request.ts'

/** `dist/console`, seen from `dist/src/local`; and from `src/local`, where the tests run. */
const FOLDERS = ['../../console', '../../dist/console'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
}

const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** Where the built page is. */
export function consoleFolder(): string | undefined {
  return FOLDERS.find((folder) => existsSync(join(folder, 'index.html')))
}

/** `GET /`: the page. It is asked for anew each time, and sent only if it has changed. */
export function pageHandler(wsPort: () => number, folder = consoleFolder): HttpHandler {
  return async (event) => {
    const html = await contentOf(folder(), 'index.html')
    if (html === undefined) return notBuilt()
    const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`
    const headers = {
      ...ALWAYS,
      etag,
      'cache-control': 'no-cache',
      'content-security-policy': contentSecurityPolicy(event, wsPort()),
      'cross-origin-opener-policy': 'same-origin',
    }
    if (event.headers['if-none-match']?.includes(etag) === true) return { statusCode: 304, headers }
    return {
      statusCode: 200,
      headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
      body: html,
    }
  }
}

/** `GET /console/{file}`: what the page loads. The names hold a hash of the content, so a browser may keep it for ever. */
export function assetHandler(folder = consoleFolder): HttpHandler {
  return async ({ pathParameters }) => {
    const name = pathParameters?.['file'] ?? ''
    const type = TYPES[extname(name)]
    // A name without a slash stays in the folder.
    const content =
      type !== undefined && /^[\w-][\w.-]*$/.test(name) ? await contentOf(folder(), name) : undefined
    if (type === undefined || content === undefined) return text(404, 'The console has no such file.\n')
    const headers = {
      ...ALWAYS,
      'content-type': type,
      'cache-control': 'public, max-age=31536000, immutable',
    }
    return { statusCode: 200, headers, body: content }
  }
}

async function contentOf(folder: string | undefined, name: string): Promise<string | undefined> {
  if (folder === undefined) return undefined
  return readFile(join(folder, name), 'utf8').catch(() => undefined)
}

function notBuilt(): HttpResult {
  return text(503, 'The console is not built: run "npm run build". CONSOLE=0 turns it off.\n')
}

function text(statusCode: number, body: string): HttpResult {
  const headers = { ...ALWAYS, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return { statusCode, headers, body }
}

/** Nothing but this server: no inline code, no other host, no frame around it. */
function contentSecurityPolicy(event: HttpEvent, wsPort: number): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    ["connect-src 'self'", ...socketSources(hostnameOf(event), wsPort)].join(' '),
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function socketSources(hostname: string | undefined, port: number): readonly string[] {
  if (hostname === undefined) return []
  // CSP knows no IPv6 addresses (Content Security Policy Level 3, section 2.3.1): the scheme is the most it can say.
  if (hostname.startsWith('[')) return ['ws:', 'wss:']
  return [`ws://${hostname}:${port}`, `wss://${hostname}:${port}`]
}
