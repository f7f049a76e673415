import type { MessageNumber } from '../../publisher/redis/wire.ts'

const TAIL = /,"_fanout":\{"producer":"([\w.:@/-]{1,200})","number":([1-9]\d{0,14})\}\}$/
/** The longest that `TAIL` can match. */
const TAIL_BYTES = 260

export interface Separated {
  /** The event, as it was before it got a number. */
  readonly bytes: Buffer
  readonly number?: MessageNumber
}

/** Takes apart what `withNumber` of src/publisher/redis/wire.ts has put together. Anything else is a message without a number. */
export function separateNumber(message: Buffer): Separated {
  // The pattern is plain ASCII: read as Latin-1, each character is a byte.
  const tail = TAIL.exec(message.subarray(-TAIL_BYTES).toString('latin1'))
  const [written, producer, number] = tail ?? []
  if (written === undefined || producer === undefined) return { bytes: message }
  const event = message.subarray(0, message.length - written.length)
  return { bytes: Buffer.concat([event, Buffer.from('}')]), number: { producer, number: Number(number) } }
}
