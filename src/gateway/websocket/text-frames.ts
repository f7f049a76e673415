const TEXT = 0x01
const CONTINUATION = 0x00
const LAST = 0x80

/** Lengths up to 125 stand in the second byte itself; longer ones follow it, in 2 bytes or 8. */
const LENGTH_IN_2_BYTES = 126
const LENGTH_IN_8_BYTES = 127

/**
 * A text message as a server sends it (RFC 6455, section 5.2): unmasked, cut into frames of at most so many bytes, all in one
 * buffer. So it is one write, whereas `ws` writes head and payload apart; and one that goes to many sockets is made once.
 *
 * @param data bytes are taken as UTF-8
 * @param bytes how long it is
 */
export function textFrames(data: string | Uint8Array, bytes: number, frameBytes: number): Buffer {
  if (bytes > frameBytes)
    return severalFrames(typeof data === 'string' ? Buffer.from(data) : data, frameBytes)
  const head = headBytes(bytes)
  const frame = Buffer.allocUnsafe(head + bytes)
  writeHead(frame, TEXT | LAST, bytes)
  if (typeof data === 'string') frame.write(data, head)
  else frame.set(data, head)
  return frame
}

function severalFrames(payload: Uint8Array, frameBytes: number): Buffer {
  const frames: Uint8Array[] = []
  for (let from = 0; from < payload.length; from += frameBytes) {
    const part = payload.subarray(from, from + frameBytes)
    const head = Buffer.allocUnsafe(headBytes(part.length))
    const isLast = from + frameBytes >= payload.length
    writeHead(head, (from === 0 ? TEXT : CONTINUATION) | (isLast ? LAST : 0), part.length)
    frames.push(head, part)
  }
  return Buffer.concat(frames)
}

function headBytes(length: number): number {
  if (length < LENGTH_IN_2_BYTES) return 2
  return length < 0x1_0000 ? 4 : 10
}

function writeHead(frame: Buffer, first: number, length: number): void {
  frame[0] = first
  if (length < LENGTH_IN_2_BYTES) {
    frame[1] = length
  } else if (length < 0x1_0000) {
    frame[1] = LENGTH_IN_2_BYTES
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = LENGTH_IN_8_BYTES
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
}
