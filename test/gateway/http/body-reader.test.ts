import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { BodyReader } from '../../../src/gateway/http/body-reader.ts'

/** A request that sends its body in parts. */
function upload(headers: object = { 'transfer-encoding': 'chunked' }): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage
}

describe('bodies that are on their way', () => {
  it('are limited each, and together', async () => {
    const bodies = new BodyReader(1000, 1500)
    const [first, second] = [upload(), upload()]
    const reads = [bodies.read(first), bodies.read(second)]
    first.write(Buffer.alloc(900))
    second.end(Buffer.alloc(601))
    expect(await reads[1]).toBe('no room')
    first.end(Buffer.alloc(100))
    expect(await reads[0]).toHaveLength(1000)
    // What was there has gone: there is room again.
    const third = upload()
    const read = bodies.read(third)
    third.end(Buffer.alloc(1000))
    expect(await read).toHaveLength(1000)
  })

  it('give back once what they took, though a refused one comes to its end later', async () => {
    const bodies = new BodyReader(1000, 1500)
    for (let i = 0; i < 5; i++) {
      const request = upload()
      const read = bodies.read(request)
      request.write(Buffer.alloc(900))
      request.write(Buffer.alloc(900))
      expect(await read).toBe('too large')
      request.resume().end()
      await new Promise((resolve) => request.once('close', resolve))
    }
    const held = [upload(), upload()]
    const reads = held.map(async (request) => bodies.read(request))
    for (const request of held) request.end(Buffer.alloc(900))
    expect(await Promise.all(reads)).toContain('no room')
  })

  it('that break off reject, and give back what they took', async () => {
    const bodies = new BodyReader(1000, 1000)
    const broken = upload()
    const read = bodies.read(broken)
    broken.write(Buffer.alloc(1000))
    broken.destroy(new Error('reset'))
    await expect(read).rejects.toThrow('ended before its body')
    const next = upload()
    const again = bodies.read(next)
    next.end(Buffer.alloc(1000))
    expect(await again).toHaveLength(1000)
  })

  it('are not waited for where a request has none', async () => {
    expect(await new BodyReader(10, 10).read(upload({}))).toHaveLength(0)
    expect(await new BodyReader(10, 10).read(upload({ 'content-length': '11' }))).toBe('too large')
  })
})
