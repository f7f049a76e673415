import type { JSX } from 'preact'
import type { Delivery } from '../../core/ports.ts'
import type { DeviceWay } from '../../core/why/device-way.ts'
import { afterPublish, toneOfOutcome } from '../way-texts.ts'
import { Offset } from './offset.tsx'
import { ReasonBadge } from './reason-badge.tsx'

interface Props {
  readonly device: DeviceWay
  readonly acceptedAt: number
  /** Where the event stands in the log. */
  readonly offset: number
  /** What it is called on this page, if it is one of its own. */
  readonly name: string | undefined
}

/** One device, or a connection that told no name: what was pushed to it, and what it said. */
export function DeviceItem({ device, acceptedAt, offset, name }: Props): JSX.Element {
  const { reason, deliveries } = device
  return (
    <li class="way-device" data-testid="way-device" data-device={device.device} data-reason={reason}>
      <div class="way-device-head">
        <span>
          {name ?? (device.isNamed ? 'device' : 'connection without a name')}{' '}
          <code class="way-id">{device.device}</code>
        </span>
        <ReasonBadge reason={reason} isOfDevice />
      </div>
      <dl class="way-steps">
        <dt>Connected</dt>
        <dd data-testid="connected">{device.isConnected ? 'yes, now' : 'no'}</dd>
        <dt>Pushed</dt>
        {deliveries.length === 0 && <dd data-testid="delivery">not to this one</dd>}
        {deliveries.map((delivery) => (
          <Pushed key={delivery.connectionId} delivery={delivery} acceptedAt={acceptedAt} />
        ))}
        <dt>Acknowledged</dt>
        <dd>{device.acknowledged === undefined ? 'nothing yet' : <Offset first={device.acknowledged} />}</dd>
        <dt>Applied</dt>
        <dd data-testid="applied-at">{appliedText(device, acceptedAt, offset)}</dd>
        {device.report !== undefined && (
          <>
            <dt>Handler</dt>
            <dd class="way-error" data-testid="handler-error">
              threw after {afterPublish(device.report.at, acceptedAt)}: {device.report.error}
            </dd>
          </>
        )}
      </dl>
    </li>
  )
}

function Pushed({ delivery, acceptedAt }: { delivery: Delivery; acceptedAt: number }): JSX.Element {
  const { outcome, at, connectionId } = delivery
  return (
    <dd data-testid="delivery" data-outcome={outcome} title={`connection ${connectionId}`}>
      <span class="way-outcome" data-tone={toneOfOutcome(outcome)}>
        {outcome}
      </span>{' '}
      {afterPublish(at, acceptedAt)} after the publish
    </dd>
  )
}

function appliedText(device: DeviceWay, acceptedAt: number, offset: number): string {
  const { applied, report, reason } = device
  if (report !== undefined) return 'no, the handler failed'
  if (reason === 'started_later') return 'no, it began after the event'
  if (applied === undefined) return 'not that it has said'
  const after = `${afterPublish(applied.at, acceptedAt)} after the publish`
  return applied.offset === offset ? after : `${after} at the latest`
}
