import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { reflect, send, serve, StoppedClock } from './served.ts'

const TOO_LARGE = '{"message":"Request Entity Too Large"}'

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe('a body', () => {
  it('of exactly the limit is taken, one byte more is not', async () => {
    const served = await serve({ routes: { 'POST /x': reflect }, maxBodyBytes: 1000 })
    for (const headers of [[], ['Transfer-Encoding', 'chunked']]) {
      const small = await send(served, '/x', { method: 'POST', headers, body: 'x'.repeat(1000) })
      expect(small.status).toBe(200)
      const {
        status,
        body,
        headers: answered,
      } = await send(served, '/x', {
        method: 'POST',
        headers,
        body: 'x'.repeat(1001),
      })
      expect({ status, body }).toEqual({ status: 413, body: TOO_LARGE })
      expect(answered.connection).toBe('close')
    }
  })

  it.each(['content-length', 'transfer-encoding'])(
    'far over the limit does not keep the answer from its sender, by %s',
    async (name) => {
      const served = await serve({ routes: { 'POST /x': reflect }, maxBodyBytes: 1000 })
      const body = Buffer.alloc(20 * 1024 * 1024, 'x')
      const headers = name === 'content-length' ? [name, String(body.length)] : [name, 'chunked']
      for (let n = 0; n < 5; n++) {
        const answer = await send(served, '/x', { method: 'POST', headers, body })
        expect(answer).toMatchObject({ status: 413, body: TOO_LARGE })
      }
    },
  )

  it('that is too large and never ends is cut off', async () => {
    const clock = new StoppedClock(0)
    const served = await serve({ routes: { 'POST /x': reflect }, maxBodyBytes: 1000, clock })
    const socket = connect(served.port, '127.0.0.1')
    const all = text(socket)
    socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n')
    await once(socket, 'readable')
    expect(clock.pending).toBe(1)
    clock.strike()
    expect(await all).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\n\{"message":"Request Entity Too Large"\}$/)
  })

  it('that breaks off runs nothing', async () => {
    let runs = 0
    const served = await serve({ routes: { 'POST /x': () => (runs += 1), 'GET /y': reflect } })
    const socket = connect(served.port, '127.0.0.1')
    socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
    socket.end()
    await text(socket)
    expect((await send(served, '/y')).status).toBe(200)
    expect(runs).toBe(0)
    expect(served.log).toEqual([])
  })

  it('that was read leaves the connection for the next request', async () => {
    const served = await serve({ routes: { 'POST /x': reflect } })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = async () => {
      const sent = httpRequest({ port: served.port, path: '/x', method: 'POST', agent })
      sent.end('body')
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await text(response)
      return sent.reusedSocket
    }
    expect([await ask(), await ask(), await ask()]).toEqual([false, true, true])
    agent.destroy()
  })
})

describe('a function that is too late', () => {
  it('is answered for with 503, and its late answer goes nowhere', async () => {
    const clock = new StoppedClock(0)
    const started = gate()
    const late = gate()
    const slow = async () => {
      started.open()
      await late.opened
      return 'late'
    }
    const served = await serve({ routes: { 'GET /slow': slow, 'GET /fast': () => 'fast' }, clock })
    const answer = send(served, '/slow')
    await started.opened
    clock.strike()
    expect(await answer).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' })
    expect(served.log).toEqual([{ level: 'error', event: 'function.timedOut', routeKey: 'GET /slow' }])
    late.open()
    expect(await send(served, '/fast')).toMatchObject({ status: 200, body: '"fast"' })
  })

  it('leaves no timer behind when it is in time', async () => {
    const clock = new StoppedClock(0)
    const served = await serve({ routes: { 'GET /x': reflect }, clock })
    await send(served, '/x')
    expect(clock.pending).toBe(0)
  })
})

describe('idle', () => {
  it('waits for every running function, and for none that failed', async () => {
    const gates = [gate(), gate()]
    const started = [gate(), gate()]
    const wait = (i: number) => async () => {
      started[i]!.open()
      await gates[i]!.opened
      if (i === 1) throw new Error('failed')
    }
    const served = await serve({ routes: { 'GET /0': wait(0), 'GET /1': wait(1) } })
    await served.api.idle()
    const answers = [send(served, '/0'), send(served, '/1')]
    await Promise.all(started.map(({ opened }) => opened))
    let isIdle = false
    const idle = served.api.idle().then(() => (isIdle = true))
    gates[0]!.open()
    expect((await answers[0]!).status).toBe(200)
    expect(isIdle).toBe(false)
    gates[1]!.open()
    await idle
    expect((await answers[1]!).status).toBe(500)
    await served.api.idle()
  })

  it('comes although the client has gone', async () => {
    const started = gate()
    const end = gate()
    const slow = async () => {
      started.open()
      await end.opened
    }
    const served = await serve({ routes: { 'GET /x': slow } })
    const sent = httpRequest({ port: served.port, path: '/x', agent: false })
    sent.on('error', () => undefined)
    sent.end()
    await started.opened
    sent.destroy()
    end.open()
    await served.api.idle()
  })
})
