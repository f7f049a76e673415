import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deployment } from '../../e2e/deployment.ts'
import { RedisServer } from '../../support/redis-server.ts'
import { endlessly, type Pace } from './endless.ts'
import { examine } from './patient.ts'
import { httpProxy } from './proxies.ts'

const target = deployment()

const HANDSHAKES = ['handshake_header', 'handshake_subprotocol', 'handshake_query'] as const

/** What a server says first, and then goes on for ever. */
async function endlessServer(
  begin: (socket: Socket) => { readonly text: string; readonly pace: Pace },
): Promise<number> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => {
      const { text, pace } = begin(socket)
      socket.write(text)
      endlessly(pace, socket)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n'

// Without the limits that are tested here, none of these ever ends: the time limit of the test is what fails.
describe('fanout doctor ends, where an answer does not:', () => {
  it.each<[string, string, Pace, RegExp]>([
    ['the body of a refused upgrade drips', `${HEAD}\r\n<html>`, 'drip', /^200 <html>x*$/],
    ['the body of a refused upgrade is endless', `${HEAD}\r\n<html>`, 'flood', /^200 <html>x+…$/],
    ['the head of a refused upgrade drips', `${HEAD}x: `, 'drip', /^no answer within 2000 ms$/],
  ])('%s', async (_, text, pace, came) => {
    const port = await endlessServer(() => ({ text, pace }))
    const patient = { ...target, wsUrl: `ws://127.0.0.1:${port}` }
    const { failures, of } = await examine(patient, ['--timeout', '2s'])
    expect(failures).toEqual(HANDSHAKES.map((link) => [link, 'websocket_blocked']))
    expect(of('handshake_header').came).toMatch(came)
  })

  it('the deadline comes before the limit of one answer', async () => {
    const port = await endlessServer(() => ({ text: `${HEAD}\r\n`, pace: 'drip' }))
    const patient = { ...target, wsUrl: `ws://127.0.0.1:${port}` }
    const { failures } = await examine(patient, ['--timeout', '1h', '--deadline', '3s'])
    expect(failures.map(([, cause]) => cause)).toContain('out_of_time')
  })

  it.each<[Pace, string]>([
    ['drip', 'server_down'],
    ['flood', 'not_event_fanout'],
  ])('the answer of HTTP, by a %s', async (pace, cause) => {
    const httpUrl = await httpProxy(target.httpUrl, { asked: () => pace })
    const { failures } = await examine({ ...target, httpUrl }, ['--timeout', '2s'])
    expect(failures).toEqual([['server', cause]])
  })

  it.each<[string, RegExp]>([
    ['PUBLISH', /^Redis answers: nothing in time$/],
    ['INFO', /no connection to .* \(no answer in time\)/],
  ])('the answer of Redis to %s', async (command, came) => {
    const redis = await RedisServer.forTest()
    const url = `redis://127.0.0.1:${await redisThatDripsAt(command, redis.url)}`
    const { failures, of } = await examine(target, ['--redis', url, '--timeout', '2s'])
    const link = command === 'INFO' ? 'redis' : 'redis_in'
    expect(failures).toEqual([[link, 'redis_unreachable']])
    expect(of(link).came).toMatch(came)
  })
})

/** Passes on everything up to a command, which it begins to answer. */
async function redisThatDripsAt(command: string, url: string): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(url).port), '127.0.0.1')
    upstream.on('error', () => client.destroy())
    client.on('error', () => undefined)
    client.on('close', () => upstream.destroy())
    upstream.on('data', (data: Buffer) => client.write(data))
    client.on('data', (data: Buffer) => {
      if (!data.toString().toUpperCase().includes(command)) {
        upstream.write(data)
        return
      }
      upstream.destroy()
      client.write('$1000000\r\n')
      endlessly('drip', client)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}
