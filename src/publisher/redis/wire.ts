/**
 * How `emit` writes an event into Redis, for a bridge to read it back. Old subscribers of the channel see the event's JSON with one
 * more field, last; the bridge takes that field away again, so that the event is what it was, byte for byte.
 */

/** Which message of which producer this is: 1, 2, 3, … as long as the producer lives. */
export interface MessageNumber {
  readonly producer: string
  readonly number: number
}

/** The fields of a stream entry. */
export const ENTRY = { event: 'event', producer: 'producer', number: 'number' } as const

/** Where Redis keeps what belongs to a channel. In a cluster all of it lies in the slot of the stream, by the hash tag. */
export interface ChannelKeys {
  /** The stream has the channel's name. */
  readonly stream: string
  /** A hash: how far each producer has come, as `<number> <milliseconds since 1970>`. */
  readonly producers: string
}

/** @throws TypeError if it cannot be the name of a channel */
export function keysOf(channel: string): ChannelKeys {
  if (!/^[^\s{}]{1,200}$/.test(channel)) {
    throw new TypeError(
      `the channel is ${JSON.stringify(channel)}; it must be 1 to 200 characters, without blanks and braces`,
    )
  }
  return { stream: channel, producers: `{${channel}}:producers` }
}

const PRODUCER = /^[\w.:@/-]{1,200}$/

export function isProducer(name: string): boolean {
  return PRODUCER.test(name)
}

/** As src/bridge/pubsub/separate-number.ts takes it apart. @param text of a JSON object that has a field, up to its last brace */
export function withNumber(text: string, { producer, number }: MessageNumber): string {
  return `${text.slice(0, -1)},"_fanout":{"producer":"${producer}","number":${number}}}`
}
