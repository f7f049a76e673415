import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Found } from '../admin.ts'
import type { Announcer } from '../announcer.ts'
import type { Side } from '../side.ts'
import type { Way } from '../way.ts'
import { labelOf, STATES } from '../way-texts.ts'
import { Icon } from './icons.tsx'
import { Time } from './offset.tsx'
import { useObserved } from './use-observed.ts'
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
  useEffect(() => {
    title.current?.focus()
  }, [way.eventId])
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
      <div class="way-body" role="region" aria-label="From the publish to each device" tabIndex={0}>
        <WayBody way={way} names={namesOf(sides)} />
      </div>
    </section>
  )
}

function WayBody({ way, names }: { way: Way; names: ReadonlyMap<string, string> }): JSX.Element {
  const { eventId = '', found, foundAt, trouble } = way
  return (
    <>
      <Facts eventId={eventId} found={found} />
      <p class="trouble" role="alert" data-testid="way-trouble">
        {trouble}
      </p>
      {found === undefined && trouble === '' && <p class="way-note">Asking the server …</p>}
      {found !== undefined && <Recipients found={found} names={names} />}
      {found !== undefined && (
        <p class="way-note">
          As of <Time at={foundAt} />, asked for again every second.
        </p>
      )}
    </>
  )
}

function Facts({ eventId, found }: { eventId: string; found: Found | undefined }): JSX.Element {
  return (
    <dl class="way-facts">
      <dt>Type</dt>
      <dd data-testid="way-type">{found?.type ?? '–'}</dd>
      <dt>Id</dt>
      <dd class="way-id" data-testid="way-id">
        {eventId}
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

function Recipients({ found, names }: { found: Found; names: ReadonlyMap<string, string> }): JSX.Element {
  return (
    <ul class="way-recipients">
      {found.state === 'begun'
        ? found.recipients.map((one) => <BegunRecipient key={one.userId} recipient={one} />)
        : found.recipients.map((one) => (
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
