import { PassThrough, type Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { textFrames } from '../../../src/gateway/websocket/text-frames.ts'

/** Exported, but not in the types. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable }

/** What a WebSocket client makes of these bytes. */
async function messagesIn(bytes: Buffer): Promise<string[]> {
  const receiver = new Receiver({ isServer: false })
  const messages: string[] = []
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    messages.push(isBinary ? 'binary' : data.toString())
  })
  const wire = new PassThrough()
  wire.pipe(receiver)
  const over = new Promise((resolve, reject) => receiver.once('finish', resolve).once('error', reject))
  wire.end(bytes)
  await over
  return messages
}

/** The payload lengths of the frames, by RFC 6455, section 5.2. */
function frameLengths(bytes: Buffer): number[] {
  const lengths: number[] = []
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1] ?? 0
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    lengths.push(length)
    at += head + length
  }
  return lengths
}

const framed = (text: string, frameBytes = 32 * 1024): Buffer =>
  textFrames(text, Buffer.byteLength(text), frameBytes)

describe('a text message as frames', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])(
    'of %i bytes is one that a client reads',
    async (length) => {
      const text = 'x'.repeat(length)
      expect(await messagesIn(framed(text, 1e6))).toEqual([text])
      expect(frameLengths(framed(text, 1e6))).toEqual([length])
    },
  )

  it('is the same from text and from its bytes, whatever is in it', async () => {
    const arbitrary = fc.string({ unit: 'grapheme', maxLength: 300 })
    await fc.assert(
      fc.asyncProperty(arbitrary, fc.integer({ min: 1, max: 200 }), async (text, frameBytes) => {
        const bytes = Buffer.from(text)
        const frames = framed(text, frameBytes)
        expect(textFrames(bytes, bytes.length, frameBytes)).toEqual(frames)
        expect(await messagesIn(frames)).toEqual([text])
        expect(Math.max(...frameLengths(frames))).toBeLessThanOrEqual(frameBytes)
      }),
    )
  })

  it('is cut where a frame may have no more', () => {
    expect(frameLengths(framed('x'.repeat(100), 100))).toEqual([100])
    expect(frameLengths(framed('x'.repeat(101), 100))).toEqual([100, 1])
    expect(frameLengths(framed('x'.repeat(200), 100))).toEqual([100, 100])
  })
})
