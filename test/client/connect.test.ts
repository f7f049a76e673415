import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect } from '../../src/client/connect.ts'
import type { ConnectOptions } from '../../src/client/options.ts'
import { scene, URLS } from './app.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('importing the client', () => {
  it('does nothing, on whatever platform', async () => {
    const { outputFiles } = await build({
      entryPoints: ['src/client/index.ts'],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'client',
      logLevel: 'silent',
    })
    // What the language has may be used; whatever else is asked for is noted.
    const language = new Set(runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[])
    const touched: PropertyKey[] = []
    const platform = new Proxy(
      {},
      {
        has: (_, name) => typeof name === 'string' && !language.has(name),
        get: (_, name) => {
          if (typeof name === 'string') touched.push(name)
          return undefined
        },
      },
    )
    runInNewContext(`with (platform) (() => { ${outputFiles[0]!.text} })()`, { platform })
    expect(touched).toEqual([])
  })
})

describe('connect', () => {
  const good = (): ConnectOptions => {
    const { server } = scene()
    return { ...URLS, getToken: () => server.tokens.issue(), WebSocket: server.WebSocket }
  }

  it.each<[string, string, Partial<Record<keyof ConnectOptions, unknown>>]>([
    ['url', 'https://events.example.com', { url: 'https://events.example.com' }],
    ['url', 'events.example.com', { url: 'events.example.com' }],
    ['url', 'undefined', { url: undefined }],
    ['httpUrl', 'wss://events.example.com', { httpUrl: 'wss://events.example.com' }],
    ['httpUrl', '/events', { httpUrl: '/events' }],
    ['httpUrl', 'undefined', { httpUrl: undefined }],
    ['getToken', 'undefined', { getToken: undefined }],
    ['getToken', 'a token', { getToken: 'a token' }],
    ['device', 'not string ', { device: '' }],
    ['device', 'xxx', { device: 'x'.repeat(129) }],
    ['device', 'number 7', { device: 7 }],
    ['from', '-1', { from: -1 }],
    ['from', '0.5', { from: 0.5 }],
    ['from', 'string 1', { from: '1' }],
    ['pollInterval', '0', { pollInterval: 0 }],
    ['pingInterval', 'NaN', { pingInterval: NaN }],
    ['pingInterval', 'not object', { pingInterval: null }],
  ])('refuses an option that cannot be used: %s is %s', (name, value, bad) => {
    const refused = (): unknown => connect({ ...good(), ...bad } as ConnectOptions)
    expect(refused).toThrow(TypeError)
    expect(refused).toThrow(name)
    expect(refused).toThrow(value)
  })

  it('says what to pass on a platform without WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    const { url, httpUrl, getToken } = good()
    expect(() => connect({ url, httpUrl, getToken })).toThrow(
      'connect: WebSocket must be function, not undefined',
    )
  })

  it('returns at once, and opens nothing if it is closed at once', async () => {
    const options = good()
    const opened = vi.fn()
    const client = connect({ ...options, WebSocket: opened as never, getToken: opened })
    expect(client.status).toEqual({ state: 'connecting' })
    client.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(opened).not.toHaveBeenCalled()
  })
})
