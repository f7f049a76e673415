import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Applied } from '../device.ts'
import { describe, type Role } from '../events.ts'
import { Icon } from './icons.tsx'
import { Offset, Time } from './offset.tsx'
import type { OpenWay } from './use-way.ts'

/** More would slow the page down, and nobody reads them. */
const SHOWN = 100

const VIA = {
  push: 'pushed',
  resume: 'resumed',
  poll: 'polled',
} as const

interface ItemProps {
  readonly applied: Applied
  readonly role: Role
  readonly isOpen: boolean
  readonly onOpen: OpenWay
}

function AppliedEvent({ applied, role, isOpen, onOpen }: ItemProps): JSX.Element {
  const { event, offset, via } = applied
  return (
    <li class="event" data-testid={`${role}-event`} data-offset={offset} data-via={via} data-id={event.id}>
      <button
        type="button"
        class="event-open"
        aria-haspopup="dialog"
        aria-current={isOpen}
        title="Show the way of this event"
        data-testid={`${role}-open`}
        onClick={({ currentTarget }) => {
          onOpen(event.id, currentTarget, role)
        }}
      >
        <EventLine applied={applied} role={role} />
      </button>
    </li>
  )
}

function EventLine({ applied, role }: { applied: Applied; role: Role }): JSX.Element {
  const { event, offset, via, at } = applied
  const { title, detail, icon } = describe(event, role)
  return (
    <>
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
    </>
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

interface Props {
  readonly applied: readonly Applied[]
  readonly role: Role
  /** The one whose way is shown. */
  readonly openId: string | undefined
  readonly onOpen: OpenWay
}

/** The events as the app of this person shows them. */
export function AppliedEvents({ applied, role, openId, onOpen }: Props): JSX.Element {
  const [all, setAll] = useState(false)
  if (applied.length === 0) return <Nothing role={role} />
  const shown = all ? applied : applied.slice(0, SHOWN)
  return (
    <div class="events" role="region" aria-label={`Events of the ${role}`} tabIndex={0}>
      <ol class="event-list" data-testid={`${role}-events`}>
        {shown.map((one) => (
          <AppliedEvent
            key={one.offset}
            applied={one}
            role={role}
            isOpen={one.event.id === openId}
            onOpen={onOpen}
          />
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
