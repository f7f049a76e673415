import type { JSX } from 'preact'
import { type Reason, REASONS } from '../../core/codes.ts'
import type { BegunReceipt } from '../../core/ports.ts'
import type { RecipientWay } from '../../core/why/event-way.ts'
import { count } from '../way-texts.ts'
import { Offset } from './offset.tsx'
import { ReasonBadge } from './reason-badge.tsx'
import { Devices } from './way-devices.tsx'

interface Props {
  readonly recipient: RecipientWay
  readonly acceptedAt: number
  readonly names: ReadonlyMap<string, string>
}

/** One person whom the event concerns: why their screens show it, or do not. */
export function Recipient({ recipient, acceptedAt, names }: Props): JSX.Element {
  const { userId, field, offset, reason, evidence, connections, sent, devices, omitted, isKept } = recipient
  return (
    <li class="way-recipient" data-testid="way-recipient" data-user={userId} data-reason={reason}>
      <div class="way-recipient-head">
        <span class="way-user">{userId}</span>
        <ReasonBadge reason={reason} />
      </div>
      <p class="way-note">
        named by <code>{field}</code>, at offset <Offset first={offset} />
        {!isKept && ', no longer kept'}; {count(connections, 'connection')} found,{' '}
        {connections === 0 ? 'none to push to' : `pushed to ${sent}`}
        {omitted !== undefined && `; only counted: ${tallyOf(omitted)}`}
      </p>
      <Verdict reason={reason} evidence={ownFirst(evidence, (text) => text.split(': ')[0] ?? '', names)} />
      <Devices
        devices={ownFirst(devices, ({ device }) => device, names)}
        recipient={recipient}
        acceptedAt={acceptedAt}
        names={names}
      />
    </li>
  )
}

/** One whom a publish that was never finished was to reach. */
export function BegunRecipient({
  recipient: { userId, field, offset },
}: {
  recipient: BegunReceipt['recipients'][number]
}): JSX.Element {
  return (
    <li class="way-recipient" data-testid="way-recipient" data-user={userId}>
      <div class="way-recipient-head">
        <span class="way-user">{userId}</span>
      </div>
      <p class="way-note">
        named by <code>{field}</code>,{' '}
        {offset === undefined ? (
          'not in the log yet'
        ) : (
          <>
            at offset <Offset first={offset} />
          </>
        )}
      </p>
    </li>
  )
}

/** More would only be read by scrolling past it. */
const SHOWN = 4

function Verdict({ reason, evidence }: { reason: Reason; evidence: readonly string[] }): JSX.Element {
  const { meaning, remedy } = REASONS[reason]
  const more = evidence.length - SHOWN
  return (
    <dl class="way-verdict">
      <dt>Meaning</dt>
      <dd class="way-sentence" data-testid="meaning">
        <WithCode text={meaning} />
      </dd>
      {evidence.length > 0 && <dt>Evidence</dt>}
      {evidence.slice(0, SHOWN).map((text) => (
        <dd key={text} class="way-evidence">
          {text}
        </dd>
      ))}
      {more > 0 && <dd class="way-evidence">and {more} more, of other devices</dd>}
      <dt>To do</dt>
      <dd class="way-sentence" data-testid="remedy">
        <WithCode text={remedy} />
      </dd>
    </dl>
  )
}

/** What is about a device of this page comes before what is about others. */
function ownFirst<T>(
  all: readonly T[],
  deviceOf: (one: T) => string,
  names: ReadonlyMap<string, string>,
): T[] {
  return all.toSorted((a, b) => Number(names.has(deviceOf(b))) - Number(names.has(deviceOf(a))))
}

/** Words between backticks are what one would type. */
function WithCode({ text }: { text: string }): JSX.Element {
  return <>{text.split('`').map((part, i) => (i % 2 === 0 ? part : <code key={i}>{part}</code>))}</>
}

function tallyOf(omitted: Readonly<Record<string, number>>): string {
  return Object.entries(omitted)
    .map(([outcome, number]) => `${number} ${outcome}`)
    .join(', ')
}
