import type { JSX } from 'preact'
import type { Reason } from '../../core/codes.ts'
import { labelOf, toneOf } from '../way-texts.ts'

/** Why a screen shows an event, or does not: as words, and a colour. */
export function ReasonBadge({ reason }: { reason: Reason }): JSX.Element {
  return (
    <span class="badge reason" data-tone={toneOf(reason)} data-testid="reason">
      {labelOf(reason)}
    </span>
  )
}
