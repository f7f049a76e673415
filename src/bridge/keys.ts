import { keysOf } from '../publisher/redis/wire.ts'

/** Where a bridge keeps what it must not forget. In a cluster all but the dead letters lie in the slot of the stream. */
export interface BridgeKeys {
  readonly stream: string
  readonly producers: string
  /** A hash: which numbers of each producer were brought to the target. */
  readonly numbers: string
  /** A hash: producers of whom numbers are missing, which may still come. */
  readonly holes: string
  /** A stream: messages that can never be published, each with its reason. */
  readonly dead: string
  /** Who reads the stream for the group. */
  readonly lease: string
  /** A hash: what the group has read so far. */
  readonly group: string
}

export function bridgeKeys(channel: string, group: string): BridgeKeys {
  const { stream, producers } = keysOf(channel)
  return {
    stream,
    producers,
    numbers: `{${channel}}:numbers:${group}`,
    holes: `{${channel}}:holes:${group}`,
    dead: `${channel}:dead`,
    lease: `{${channel}}:lease:${group}`,
    group: `{${channel}}:group:${group}`,
  }
}
