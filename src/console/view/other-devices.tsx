import type { JSX } from 'preact'
import type { Device } from '../device.ts'
import type { Side } from '../side.ts'
import { Icon } from './icons.tsx'
import { Offset } from './offset.tsx'
import { StatusBadge } from './status-badge.tsx'
import { useObserved } from './use-observed.ts'

function OtherDevice({ side, device }: { side: Side; device: Device }): JSX.Element {
  useObserved(device)
  const { name = '', status, offset, applied } = device
  return (
    <li class="other" data-testid={`${side.role}-other`}>
      <span class="other-name">{name}</span>
      <StatusBadge status={status} />
      <span class="other-facts">
        {applied.length === 1 ? '1 event' : `${applied.length} events`}
        {offset !== undefined && (
          <>
            , at <Offset first={offset} />
          </>
        )}
      </span>
      <button
        type="button"
        class="button quiet icon-button"
        aria-label={`Disconnect ${name} of the ${side.role}`}
        onClick={() => {
          side.disconnect(device)
        }}
      >
        <Icon name="cancelled" />
      </button>
    </li>
  )
}

/** The same person on more devices: each has its own connection and its own offset. */
export function OtherDevices({ side }: { side: Side }): JSX.Element {
  return (
    <div class="others">
      {side.others.length > 0 && (
        <ul class="other-list" aria-label={`Other devices of the ${side.role}`}>
          {side.others.map((device) => (
            <OtherDevice key={device.name} side={side} device={device} />
          ))}
        </ul>
      )}
      <div class="other-buttons">
        <button
          type="button"
          class="button quiet"
          data-testid={`${side.role}-add-device`}
          onClick={() => {
            side.connectAnother()
          }}
        >
          <Icon name="plus" />
          Connect another device
        </button>
        <button
          type="button"
          class="button quiet"
          title="As an administrator: all connections are closed, and the tokens of now are refused"
          aria-label={`Disconnect user ${side.userId}`}
          data-testid={`${side.role}-disconnect`}
          onClick={() => {
            void side.disconnectUser()
          }}
        >
          <Icon name="cancelled" />
          Disconnect user
        </button>
      </div>
    </div>
  )
}
