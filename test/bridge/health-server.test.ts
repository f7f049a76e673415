import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Bridge } from '../../src/bridge/bridge.ts'
import type { BridgeStatus } from '../../src/bridge/bridge-status.ts'
import { serveHealth } from '../../src/bridge/health-server.ts'
import { BridgeMetrics } from '../../src/bridge/metrics.ts'
import { SettingError } from '../../src/process/settings.ts'
import { request } from '../e2e/http.ts'
import { deferred } from '../support/deferred.ts'

const WELL: BridgeStatus = {
  from: 'stream',
  channel: 'business-events',
  state: 'reading',
  redis: 'redis://127.0.0.1:6379',
  target: 'http://127.0.0.1:3000',
  lag: { messages: 3, seconds: 1.5 },
  problems: [],
}
const ANYWHERE = { host: '127.0.0.1', port: 0 }

async function setUp(status: Partial<BridgeStatus> | Error = {}) {
  const metrics = new BridgeMetrics()
  let asked = 0
  const bridge: Bridge = {
    status: async () => {
      asked++
      if (status instanceof Error) throw status
      return { ...WELL, ...status }
    },
    stop: async () => undefined,
  }
  const server = await serveHealth(bridge, metrics, ANYWHERE)
  onTestFinished(async () => server.stop())
  return {
    server,
    metrics,
    asked: () => asked,
    get: async (path: string, method = 'GET') => request(`${server.url}${path}`, { method }),
  }
}

describe('/health', () => {
  it('is 200 and how the bridge is doing, where nothing is wrong', async () => {
    const { get } = await setUp()
    const { status, json, text, headers } = await get('/health')
    expect(status).toBe(200)
    expect(json).toEqual({ status: 'ok', ...WELL })
    expect(text.endsWith('}\n')).toBe(true)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('is 503 and what is wrong, where something is', async () => {
    const { get } = await setUp({ problems: ['Redis cannot be used'], lag: undefined, state: 'connecting' })
    const { status, json } = await get('/health?verbose')
    expect(status).toBe(503)
    expect(json).toMatchObject({ status: 'failing', problems: ['Redis cannot be used'], state: 'connecting' })
    expect(json).not.toHaveProperty('lag')
  })

  it('is 200 while it stands by', async () => {
    const { get } = await setUp({ state: 'standby' })
    expect((await get('/health')).status).toBe(200)
  })

  it('is 500 where that cannot be found out', async () => {
    const { get } = await setUp(new Error('a bug'))
    const { status, text } = await get('/health')
    expect({ status, text }).toEqual({ status: 500, text: 'a bug\n' })
  })
})

describe('/live', () => {
  it('is 200 whatever is wrong, and asks nobody', async () => {
    const { get, asked } = await setUp(new Error('everything'))
    const { status, text } = await get('/live')
    expect({ status, text, asked: asked() }).toEqual({ status: 200, text: 'alive\n', asked: 0 })
  })
})

describe('/metrics', () => {
  it('has all of them from the beginning, in Prometheus’s text', async () => {
    const { get } = await setUp()
    const { status, text, headers } = await get('/metrics')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(samples).toEqual([
      'fanout_bridge_messages_total{result="published"} 0',
      'fanout_bridge_messages_total{result="duplicate"} 0',
      'fanout_bridge_messages_total{result="dead"} 0',
      'fanout_bridge_lost_messages_total{reason="gap"} 0',
      'fanout_bridge_lost_messages_total{reason="trimmed"} 0',
      'fanout_bridge_lost_messages_total{reason="dropped"} 0',
      'fanout_bridge_retries_total 0',
      'fanout_bridge_active 0',
      'fanout_bridge_lag_messages 0',
      'fanout_bridge_lag_seconds 0',
    ])
    for (const name of new Set(samples.map((line) => line.split(/[{ ]/)[0]!))) {
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'))
      expect(text).toContain(`# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}\n`)
    }
  })

  it('asks how the bridge is doing, which sets what is measured', async () => {
    const { get, asked, metrics } = await setUp()
    metrics.messages.inc({ result: 'published' }, 7)
    metrics.lag({ messages: 3, seconds: 1.5 })
    const { text } = await get('/metrics')
    expect(asked()).toBe(1)
    expect(text).toContain('fanout_bridge_messages_total{result="published"} 7\n')
    expect(text).toContain('fanout_bridge_lag_seconds 1.5\n')
  })
})

describe('anything else', () => {
  it.each(['/', '/healthz', '/health/', '/metrics/x', '//health', '/%68ealth'])('%s is 404', async (path) => {
    const { get } = await setUp()
    const { status, text } = await get(path)
    expect({ status, text }).toEqual({ status: 404, text: 'There are /health, /live and /metrics.\n' })
  })

  it('HEAD has what GET has, without the body', async () => {
    const { get } = await setUp({ problems: ['x'] })
    for (const path of ['/health', '/live', '/metrics', '/nothing']) {
      const [head, full] = [await get(path, 'HEAD'), await get(path)]
      expect(head.status).toBe(full.status)
      expect(head.text).toBe('')
      for (const name of ['content-type', 'content-length'])
        expect(head.headers.get(name)).toBe(full.headers.get(name))
    }
  })
})

describe('the server', () => {
  it('ends at once, though somebody waits for an answer', async () => {
    const asked = deferred<undefined>()
    const status = async () => {
      asked.resolve(undefined)
      return new Promise<never>(() => undefined)
    }
    const bridge: Bridge = { status, stop: async () => undefined }
    const server = await serveHealth(bridge, new BridgeMetrics(), ANYWHERE)
    const waiting = expect(fetch(`${server.url}/health`)).rejects.toThrow()
    await asked.promise
    await server.stop()
    await waiting
    await expect(fetch(`${server.url}/live`)).rejects.toThrow()
  })

  it('says where it cannot listen, and what to set', async () => {
    const other = createServer()
    await once(other.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const serving = serveHealth(
      { status: async () => WELL, stop: async () => undefined },
      new BridgeMetrics(),
      { host: '127.0.0.1', port },
    )
    await expect(serving).rejects.toThrow(SettingError)
    await expect(serving).rejects.toThrow(
      new RegExp(`^the health cannot be served on port ${port} of 127.0.0.1: .*EADDRINUSE.* --port`),
    )
  })

  it('tells an address with brackets where it is of IPv6', async () => {
    const server = await serveHealth(
      { status: async () => WELL, stop: async () => undefined },
      new BridgeMetrics(),
      { host: '::1', port: 0 },
    )
    onTestFinished(async () => server.stop())
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await request(`${server.url}/live`)).status).toBe(200)
  })
})
