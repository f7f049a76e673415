import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Found } from '../admin.ts'
import type { Announcer } from '../announcer.ts'
import type { Side } from '../side.ts'
import type { Way } from '../way.ts'
import { labelOf, STATES, withFirst } from '../way-texts.ts'
import { Icon } from './icons.tsx'
import { Time } from './offset.tsx'
import { useObserved } from './use-observed.ts'
import { EventId } from './way-id.tsx'
import { BegunRecipient, Recipient } from './way-recipient.tsx'

interface Props {
  readonly way: Way
  readonly sides: readonly Side[]
  readonly announcer: Announcer
  readonly onClose: () => void
}

/** The way of one event, as the server knows it now. It is no window of its own: what goes on behind it can be seen, and played with. */
export function WayPanel({ way, sides, announcer, onClose }: Props): JSX.Element {
  useObserved(way)
  useAnnounced(way.found, announcer)
  const title = useRef<HTMLHeadingElement>(null)
  const body = useRef<HTMLDivElement>(null)
  useEffect(() => {
    title.current?.focus()
    body.current?.scrollTo(0, 0)
  }, [way.eventId, way.openedFrom])
  return (
    <section
      class="card way"
      role="dialog"
      aria-labelledby="way-title"
      data-testid="way"
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose()
      }}
    >
      <header class="way-head">
        <h2 id="way-title" tabIndex={-1} ref={title}>
          The way of this event
        </h2>
        <button
          type="button"
          class="button quiet icon-button"
          aria-label="Close the way of this event"
          data-testid="way-close"
          onClick={onClose}
        >
          <Icon name="cancelled" />
        </button>
      </header>
      <div
        class="way-body"
        role="region"
        aria-label="From the publish to each device"
        tabIndex={0}
        ref={body}
      >
        <WayBody way={way} sides={sides} announcer={announcer} />
      </div>
    </section>
  )
}

function WayBody({ way, sides, announcer }: Omit<Props, 'onClose'>): JSX.Element {
  const { eventId = '', found, foundAt, trouble, openedFrom } = way
  const first = sides.find(({ role }) => role === openedFrom)?.userId
  return (
    <>
      <Facts eventId={eventId} found={found} announcer={announcer} />
      <p class="trouble" role="alert" data-testid="way-trouble">
        {trouble}
      </p>
      {found === undefined && trouble === '' && <p class="way-note">Asking the server …</p>}
      {found !== undefined && <Recipients found={found} first={first} names={namesOf(sides)} />}
      {found !== undefined && (
        <p class="way-note">
          As of <Time at={foundAt} />, asked for again every second.
        </p>
      )}
    </>
  )
}

interface FactsProps {
  readonly eventId: string
  readonly found: Found | undefined
  readonly announcer: Announcer
}

function Facts({ eventId, found, announcer }: FactsProps): JSX.Element {
  return (
    <dl class="way-facts">
      <dt>Type</dt>
      <dd data-testid="way-type">{found?.type ?? '–'}</dd>
      <dt>Id</dt>
      <dd class="way-event-id">
        <EventId key={eventId} eventId={eventId} announcer={announcer} />
      </dd>
      <dt>Published</dt>
      <dd data-testid="way-published">
        {found === undefined ? '–' : <Time at={found.acceptedAt} precise />}
      </dd>
      <dt>State</dt>
      <dd data-testid="way-state">{found === undefined ? '–' : STATES[found.state]}</dd>
    </dl>
  )
}

interface RecipientsProps {
  readonly found: Found
  /** Who stands first, if the event concerns them. */
  readonly first: string | undefined
  readonly names: ReadonlyMap<string, string>
}

function Recipients({ found, first, names }: RecipientsProps): JSX.Element {
  return (
    <ul class="way-recipients">
      {found.state === 'begun'
        ? withFirst(found.recipients, first).map((one) => <BegunRecipient key={one.userId} recipient={one} />)
        : withFirst(found.recipients, first).map((one) => (
            <Recipient key={one.userId} recipient={one} acceptedAt={found.acceptedAt} names={names} />
          ))}
    </ul>
  )
}

/** What the devices of this page are called on it, by what they call themselves. */
function namesOf(sides: readonly Side[]): ReadonlyMap<string, string> {
  const named = sides.flatMap(({ role, device, others }) =>
    [device, ...others].map(({ device: id = '', name = 'device 1' }) => [id, `${role}’s ${name}`] as const),
  )
  return new Map(named)
}

/** Whoever does not see the panel is told when a reason becomes another one. */
function useAnnounced(found: Found | undefined, announcer: Announcer): void {
  const verdicts =
    found === undefined || found.state === 'begun'
      ? ''
      : found.recipients.map(({ userId, reason }) => `${userId}: ${labelOf(reason)}.`).join(' ')
  useEffect(() => {
    if (verdicts !== '') announcer.say(verdicts)
  }, [verdicts, announcer])
}
