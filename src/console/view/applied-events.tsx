import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Applied } from '../device.ts'
import { describe, type Role } from '../events.ts'
import { Icon } from './icons.tsx'
import { Offset, Time } from './offset.tsx'

/** More would slow the page down, and nobody reads them. */
const SHOWN = 100

const VIA = {
  push: 'pushed',
  resume: 'resumed',
  poll: 'polled',
} as const

function AppliedEvent({ applied, role }: { applied: Applied; role: Role }): JSX.Element {
  const { event, offset, via, at } = applied
  const { title, detail, icon } = describe(event, role)
  return (
    <li class="event" data-testid={`${role}-event`} data-offset={offset} data-via={via} data-id={event.id}>
      <span class="event-icon" data-icon={icon}>
        <Icon name={icon} />
      </span>
      <span class="event-text">
        <span class="event-title" title={title}>
          {title}
        </span>
        <span class="event-detail">{detail}</span>
      </span>
      <span class="event-facts">
        <span class="event-when">
          <span class="via" data-via={via}>
            {VIA[via]}
          </span>
          <Time at={at} />
        </span>
        <Offset first={offset} />
      </span>
    </li>
  )
}

/** Read from left to right, or from top to bottom. */
const FIRST_STEPS = {
  trainer: 'Complete a session above: it appears on both sides at once.',
  student: 'Then cut a socket or go offline, complete more, and come back: nothing is lost.',
} as const

function Nothing({ role }: { role: Role }): JSX.Element {
  return (
    <div class="nothing" data-testid={`${role}-nothing`}>
      <span class="nothing-icon">
        <Icon name="done" />
      </span>
      <p class="nothing-title">No events yet</p>
      <p>{FIRST_STEPS[role]}</p>
    </div>
  )
}

/** The events as the app of this person shows them. */
export function AppliedEvents({ applied, role }: { applied: readonly Applied[]; role: Role }): JSX.Element {
  const [all, setAll] = useState(false)
  if (applied.length === 0) return <Nothing role={role} />
  const shown = all ? applied : applied.slice(0, SHOWN)
  return (
    <div class="events" role="region" aria-label={`Events of the ${role}`} tabIndex={0}>
      <ol class="event-list" data-testid={`${role}-events`}>
        {shown.map((one) => (
          <AppliedEvent key={one.offset} applied={one} role={role} />
        ))}
      </ol>
      {shown.length < applied.length && (
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            setAll(true)
          }}
        >
          Show all {applied.length}
        </button>
      )}
    </div>
  )
}
