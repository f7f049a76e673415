import type { JSX } from 'preact'
import type { Status } from '../../client/index.ts'
import { meaningOf } from '../status.ts'
import { Icon } from './icons.tsx'

/** The state, as a word, a colour and a shape. */
export function StatusBadge({ status, testId }: { status: Status; testId?: string }): JSX.Element {
  return (
    <span class="badge" data-state={status.state} data-reason={status.reason} data-testid={testId}>
      <Icon name={status.state} />
      {meaningOf(status).label}
    </span>
  )
}
