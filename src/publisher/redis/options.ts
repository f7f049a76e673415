import { checkedName, hostName } from './producer.ts'
import { type ChannelKeys, keysOf } from './wire.ts'

export interface EmitOptions {
  /** Where subscribers listen. The stream has the same name. @default 'business-events' */
  readonly channel?: string
  /**
   * Milliseconds for which the stream keeps an event, by this machine's clock: so long may a bridge be away. Redis trims whole nodes of
   * the stream, so that some older ones stay. @default 7 days
   */
  readonly keep?: number
  /** Who emits, for people who look for a gap: letters, digits and `_ . : @ / -`. @default the host's name */
  readonly producer?: string
}

/** Options that were checked. */
export interface Settings {
  readonly keys: ChannelKeys
  readonly keep: number
  readonly name: string
}

const DAY = 24 * 60 * 60 * 1000

/** @throws TypeError that names the option, its value and what would do */
export function settingsOf({ channel = 'business-events', keep = 7 * DAY, producer }: EmitOptions): Settings {
  checkKeep(keep)
  return { keys: keysOf(channel), keep, name: producer === undefined ? hostName() : checkedName(producer) }
}

/** @param keep may be a text in JavaScript, as from the environment */
function checkKeep(keep: unknown): void {
  if (typeof keep === 'number' && keep > 0 && Number.isFinite(keep)) return
  throw new TypeError(
    `keep is ${typeof keep === 'number' ? keep : JSON.stringify(keep)}; it must be a number of milliseconds, above 0`,
  )
}
