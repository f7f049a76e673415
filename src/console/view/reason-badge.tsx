import type { JSX } from 'preact'
import type { Reason } from '../../core/codes.ts'
import { labelOf, labelOfDevice, toneOf, toneOfDevice } from '../way-texts.ts'

interface Props {
  readonly reason: Reason
  /** Of one device, not of a person. @default false */
  readonly isOfDevice?: boolean
}

/** Why a screen shows an event, or does not: as words, and a colour. */
export function ReasonBadge({ reason, isOfDevice = false }: Props): JSX.Element {
  const tone = isOfDevice ? toneOfDevice(reason) : toneOf(reason)
  return (
    <span class="badge reason" data-tone={tone} data-testid="reason">
      {isOfDevice ? labelOfDevice(reason) : labelOf(reason)}
    </span>
  )
}
