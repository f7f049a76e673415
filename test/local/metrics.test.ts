/** `GET /metrics` of a real embedded server: what is done to it, and what it counts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { COUNTERS, HISTOGRAMS } from '../../src/core/metrics.ts'
import { PrometheusMetrics } from '../../src/local/prometheus-metrics.ts'
import { type EmbeddedServer, startServer } from '../../src/local/server.ts'
import { readSettings } from '../../src/local/settings.ts'
import { LogLines } from '../../src/process/log-lines.ts'
import { createLogger } from '../../src/process/logger.ts'
import { Client, handshake, refusal } from '../e2e/client.ts'
import { type Deployment, SECRET } from '../e2e/deployment.ts'
import { type Page, post, publish, recent, request } from '../e2e/http.ts'
import { folderForTest } from '../e2e/server-process.ts'
import { inSeconds, publisherToken, tokenFor, unique } from '../e2e/tokens.ts'
import { RedisServer } from '../support/redis-server.ts'

type Samples = Readonly<Record<string, number>>

const folder = mkdtempSync(join(tmpdir(), 'fanout-metrics-'))
let server: EmbeddedServer
let target: Deployment
beforeAll(async () => {
  const settings = readSettings({
    PORT: '0',
    WS_PORT: '0',
    DATA_DIR: folder,
    JWT_SECRET: SECRET,
  })
  server = await startServer(settings, createLogger('silent', new LogLines()))
  target = { httpUrl: server.httpUrl, wsUrl: server.wsUrl, secret: SECRET, isOwn: true }
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Every sample by its name and labels, as Prometheus reads it. */
async function scrape(): Promise<Samples> {
  return samplesOf((await request(`${server.httpUrl}/metrics`)).text)
}

function samplesOf(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^(.+) (\S+)$/.exec(line) ?? []
      return [name, Number(value)]
    }),
  )
}

let before: Samples
beforeEach(async () => {
  // Connections of the test before may still be closing.
  await expect.poll(async () => (await scrape())['fanout_connections']).toBe(0)
  await expect
    .poll(async () => {
      const now = await scrape()
      return now['fanout_connections_opened_total']! - now['fanout_connections_closed_total']!
    })
    .toBe(0)
  before = await scrape()
})

/** What has changed since the test began: counters, and how often something was measured. */
async function changes(): Promise<Samples> {
  const after = await scrape()
  const counts = Object.keys(after).filter((name) => /^fanout_\w+(_total(\{.*\})?|_count)$/.test(name))
  return Object.fromEntries(
    counts
      .map((name) => [name, after[name]! - (before[name] ?? 0)] as const)
      .filter(([, change]) => change !== 0),
  )
}

/** Of what a client does that is not answered, the time is not known at which it is counted. */
async function eventually(expected: Samples): Promise<void> {
  await expect.poll(changes).toEqual(expected)
}

const session = (trainerId: string, studentId: string) => ({
  type: 'SESSION_COMPLETED',
  id: unique('event'),
  trainerId,
  studentId,
})

describe('a publish', () => {
  it('to two recipients, of whom one has two connections', async () => {
    const [trainer, student] = [unique('trainer'), unique('student')]
    const clients = [await Client.connect(target, trainer), await Client.connect(target, trainer)]
    await publish(target, session(trainer, student))
    for (const client of clients) await client.next()
    expect(await changes()).toEqual({
      fanout_connections_opened_total: 2,
      'fanout_events_published_total{result="published"}': 1,
      'fanout_deliveries_total{outcome="sent"}': 2,
      fanout_publish_to_push_seconds_count: 2,
    })
    expect((await scrape())['fanout_connections']).toBe(2)
  })

  it('a second time, and one that is refused, and one without the right', async () => {
    const event = session(unique('trainer'), unique('student'))
    await publish(target, event)
    await publish(target, event)
    expect((await post(target, { type: 'NOBODY', id: unique('event') })).status).toBe(422)
    expect((await post(target, { ...event, more: 1 })).status).toBe(409)
    expect((await post(target, 'no JSON')).status).toBe(400)
    expect((await post(target, event, tokenFor(target, 'anybody'))).status).toBe(403)
    expect(await changes()).toEqual({
      'fanout_events_published_total{result="published"}': 1,
      'fanout_events_published_total{result="duplicate"}': 1,
      'fanout_events_published_total{result="refused"}': 3,
    })
  })
})

describe('a client', () => {
  it('resumes, and gets three events', async () => {
    const user = unique('user')
    for (let i = 0; i < 3; i++) await publish(target, session(user, user))
    const client = await Client.connect(target, user)
    const page = await client.ask<Page>({ action: 'resume', after: 0 })
    expect(page.events).toHaveLength(3)
    expect(await changes()).toEqual({
      'fanout_events_published_total{result="published"}': 3,
      fanout_connections_opened_total: 1,
      fanout_resumes_total: 1,
      fanout_resumed_events_total: 3,
    })
  })

  it('repairs a silent loss; a repair that brings nothing is none', async () => {
    const user = unique('user')
    await publish(target, session(user, user))
    const client = await Client.connect(target, user)
    const { head } = await client.ask<Page>({ action: 'resume', after: 0, repair: true })
    await client.ask<Page>({ action: 'resume', after: head, repair: true })
    expect(await changes()).toMatchObject({
      fanout_resumes_total: 2,
      fanout_resumed_events_total: 1,
      fanout_silent_losses_repaired_total: 1,
    })
  })

  it('acknowledges the newest event, and an older one; one that came later tells nothing of how long it took', async () => {
    const user = unique('user')
    const client = await Client.connect(target, user)
    const offsets: number[] = []
    for (let i = 0; i < 2; i++) {
      offsets.push((await publish(target, session(user, user))).recipients[0]!.offset)
    }
    for (const offset of offsets) client.send({ action: 'ack', offset })
    const late = await Client.connect(target, user)
    late.send({ action: 'ack', offset: offsets[1] })
    await late.arrived()
    await eventually({
      'fanout_events_published_total{result="published"}': 2,
      'fanout_deliveries_total{outcome="sent"}': 2,
      fanout_publish_to_push_seconds_count: 2,
      fanout_connections_opened_total: 2,
      fanout_publish_to_applied_seconds_count: 1,
    })
  })

  it('reports that its handler failed', async () => {
    const user = unique('user')
    const [{ offset } = { offset: 0 }] = (await publish(target, session(user, user))).recipients
    const client = await Client.connect(target, user)
    client.send({ action: 'report', offset, device: 'phone', error: 'TypeError' })
    await eventually({
      'fanout_events_published_total{result="published"}': 1,
      fanout_connections_opened_total: 1,
      fanout_handler_failures_total: 1,
    })
  })

  it('goes', async () => {
    const client = await Client.connect(target, unique('user'))
    client.socket.close()
    await eventually({ fanout_connections_opened_total: 1, fanout_connections_closed_total: 1 })
    expect((await scrape())['fanout_connections']).toBe(0)
  })

  it('polls', async () => {
    const user = unique('user')
    await publish(target, session(user, user))
    await recent(target, user, '?after=0')
    await recent(target, user, '?limit=1')
    expect(await changes()).toEqual({
      'fanout_events_published_total{result="published"}': 1,
      fanout_polls_total: 2,
      fanout_polled_events_total: 2,
    })
  })

  it('comes with tokens that are refused, over both ports', async () => {
    const expired = tokenFor(target, 'somebody', { exp: inSeconds(-60) })
    expect((await refusal(handshake(target.wsUrl, 'header', expired))).status).toBe(401)
    expect((await refusal(handshake(target.wsUrl, 'header', undefined))).status).toBe(401)
    expect((await post(target, {}, `${publisherToken(target)}x`)).status).toBe(401)
    expect(await changes()).toEqual({
      'fanout_tokens_refused_total{reason="expired"}': 1,
      'fanout_tokens_refused_total{reason="missing"}': 1,
      'fanout_tokens_refused_total{reason="bad_signature"}': 1,
    })
  })
})

describe('with a bridge from Redis', () => {
  it('both are in one answer', async () => {
    const redis = await RedisServer.forTest()
    const own = await startServer(
      readSettings({
        PORT: '0',
        WS_PORT: '0',
        DATA_DIR: folderForTest(),
        JWT_SECRET: SECRET,
        REDIS_URL: redis.url,
      }),
      createLogger('silent', new LogLines()),
    )
    onTestFinished(async () => own.stop())
    const samples = async () => samplesOf((await request(`${own.httpUrl}/metrics`)).text)
    // Asking sets it.
    await expect.poll(async () => (await samples())['fanout_bridge_active']).toBe(1)
    await redis.client().publish('business-events', JSON.stringify(session('trainer', 'student')))
    await expect.poll(samples).toMatchObject({
      'fanout_bridge_messages_total{result="published"}': 1,
      'fanout_events_published_total{result="published"}': 1,
      fanout_bridge_lag_messages: 0,
    })
  })
})

describe('GET /metrics', () => {
  it('is Prometheus’s text, without a token, and nobody keeps it', async () => {
    const { status, headers } = await request(`${server.httpUrl}/metrics`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('tells no id and no event', async () => {
    const event = session(unique('trainer'), unique('student'))
    await publish(target, event)
    const { text } = await request(`${server.httpUrl}/metrics`)
    for (const secret of Object.values(event)) expect(text).not.toContain(secret)
  })

  it.each(['x-forwarded-for', 'forwarded', 'via'])('is not shown through a proxy (%s)', async (header) => {
    const { status, text } = await request(`${server.httpUrl}/metrics`, {
      headers: { [header]: '192.0.2.1' },
    })
    expect({ status, text }).toEqual({
      status: 403,
      text: 'The metrics are not shown through a proxy: ask this server’s own port, see docs/metrics.md.\n',
    })
  })

  it('is not shown to a page of a browser', async () => {
    const headers = { origin: 'https://evil.example' }
    const { status, text } = await request(`${server.httpUrl}/metrics`, { headers })
    expect([status, text]).toEqual([403, expect.stringContaining('not shown to pages of a browser')])
  })

  it('has what is known of the process', async () => {
    expect(await scrape()).toMatchObject({
      process_resident_memory_bytes: expect.any(Number) as number,
      process_cpu_seconds_total: expect.any(Number) as number,
      nodejs_eventloop_lag_p99_seconds: expect.any(Number) as number,
    })
  })
})

describe('the catalogue', () => {
  it('is there from the start, with every value of every label, at 0', async () => {
    const samples = await freshSamples()
    for (const definition of Object.values(COUNTERS)) {
      const names =
        'label' in definition
          ? definition.label.values.map((value) => `${definition.name}{${definition.label.name}="${value}"}`)
          : [definition.name]
      for (const name of names) expect(samples).toHaveProperty([name], 0)
    }
    for (const { name } of Object.values(HISTOGRAMS)) {
      expect(samples).toHaveProperty([`${name}_count`], 0)
      expect(samples).toHaveProperty([`${name}_bucket{le="+Inf"}`], 0)
    }
  })

  it('knows from half a millisecond to 10 s how long a push took, and up to minutes how long an app', async () => {
    const samples = await freshSamples((metrics) => {
      metrics.observe('publishToPush', 0.0004)
      metrics.observe('publishToPush', 9)
      metrics.observe('publishToApplied', 599)
    })
    expect(samples).toMatchObject({
      'fanout_publish_to_push_seconds_bucket{le="0.0005"}': 1,
      'fanout_publish_to_push_seconds_bucket{le="5"}': 1,
      'fanout_publish_to_push_seconds_bucket{le="10"}': 2,
      'fanout_publish_to_applied_seconds_bucket{le="300"}': 0,
      'fanout_publish_to_applied_seconds_bucket{le="600"}': 1,
    })
  })

  it('counts pushes by each of their outcomes', async () => {
    const outcomes = COUNTERS.deliveries.label.values
    const samples = await freshSamples((metrics) => {
      for (const [i, outcome] of outcomes.entries()) metrics.add('deliveries', i + 1, outcome)
    })
    for (const [i, outcome] of outcomes.entries()) {
      expect(samples[`fanout_deliveries_total{outcome="${outcome}"}`]).toBe(i + 1)
    }
  })
})

async function freshSamples(use: (metrics: PrometheusMetrics) => void = () => undefined): Promise<Samples> {
  const metrics = new PrometheusMetrics(() => 0)
  onTestFinished(() => {
    metrics.registry.clear()
  })
  use(metrics)
  return samplesOf(await metrics.registry.metrics())
}
