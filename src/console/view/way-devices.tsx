import type { JSX } from 'preact'
import type { DeviceWay } from '../../core/why/device-way.ts'
import type { RecipientWay } from '../../core/why/event-way.ts'
import { count, isBystander } from '../way-texts.ts'
import { DeviceItem } from './way-device.tsx'

/** More would only be read by scrolling past them. */
const SHOWN = 4

interface Props {
  /** In the order in which they are to be read. */
  readonly devices: readonly DeviceWay[]
  readonly recipient: RecipientWay
  readonly acceptedAt: number
  /** What the devices of this page are called on it. */
  readonly names: ReadonlyMap<string, string>
}

/** The devices of one person; those that are away and had nothing to do with the event take one line. */
export function Devices({ devices, names, ...shared }: Props): JSX.Element {
  const { userId } = shared.recipient
  // The only device there is answers the question, even if it was away.
  const isFolded = (way: DeviceWay): boolean =>
    devices.length > 1 && !names.has(way.device) && isBystander(way)
  const away = devices.filter(isFolded)
  const telling = devices.filter((way) => !isFolded(way))
  const rest = telling.slice(SHOWN)
  const kind = telling.length > 0 ? 'other device' : 'device'
  const list = (some: readonly DeviceWay[], label: string): JSX.Element => (
    <DeviceList devices={some} label={label} names={names} {...shared} />
  )
  return (
    <>
      {telling.length > 0 && list(telling.slice(0, SHOWN), `Devices of ${userId}`)}
      {rest.length > 0 && (
        <details class="way-more">
          <summary>{count(rest.length, 'more device')}</summary>
          {list(rest, `More devices of ${userId}`)}
        </details>
      )}
      {away.length > 0 && (
        <details class="way-more" data-testid="way-away">
          <summary>{count(away.length, kind)}, not connected</summary>
          {list(away, `Devices of ${userId} that are not connected`)}
        </details>
      )}
    </>
  )
}

function DeviceList({
  devices,
  label,
  recipient,
  acceptedAt,
  names,
}: Props & { label: string }): JSX.Element {
  return (
    <ul class="way-devices" aria-label={label}>
      {devices.map((device) => (
        <DeviceItem
          key={device.device}
          device={device}
          acceptedAt={acceptedAt}
          offset={recipient.offset}
          name={names.get(device.device)}
        />
      ))}
    </ul>
  )
}
