import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { serve } from './served.ts'

const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'

describe('requests that come on one connection without waiting', () => {
  it('are served one after the other', async () => {
    let running = 0
    let most = 0
    const handler = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return { statusCode: 200, body: 'done' }
    }
    const { port } = await serve({ routes: { 'GET /x': handler } })
    const socket = connect(port, '127.0.0.1')
    socket.write(REQUEST.repeat(10))
    let received = ''
    while (received.split('done').length <= 10) received += String((await once(socket, 'data'))[0])
    socket.destroy()
    expect(most).toBe(1)
  })

  it('are cut off when too many wait', async () => {
    const { port } = await serve({ routes: { 'GET /x': async () => new Promise(() => undefined) } })
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    socket.write(REQUEST.repeat(100))
    await once(socket, 'close')
    expect(socket.destroyed).toBe(true)
  })
})
