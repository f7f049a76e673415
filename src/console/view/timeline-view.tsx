import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Actor, Entry, Timeline } from '../timeline.ts'
import { Offset, Time } from './offset.tsx'
import { useObserved } from './use-observed.ts'
import type { OpenWay } from './use-way.ts'

/** More would slow the page down. */
const SHOWN = 200

const FILTERS = { all: 'All', backend: 'Backend', trainer: 'Trainer', student: 'Student' } as const
type Filter = keyof typeof FILTERS

const NAMES: Readonly<Record<Actor, string>> = { backend: 'Backend', trainer: 'Trainer', student: 'Student' }

interface Props {
  readonly timeline: Timeline
  /** The event whose way is shown. */
  readonly openId: string | undefined
  readonly onOpen: OpenWay
}

/** What happened where, in the order in which this page saw it. The newest is on top. */
export function TimelineView({ timeline, openId, onOpen }: Props): JSX.Element {
  useObserved(timeline)
  const [filter, setFilter] = useState<Filter>('all')
  const [withLog, setWithLog] = useState(false)
  const entries = timeline.entries.filter(
    ({ actor, kind }) => (filter === 'all' || filter === actor) && (withLog || kind !== 'log'),
  )
  return (
    <section class="card timeline" id="timeline" aria-labelledby="timeline-title">
      <header class="timeline-head">
        <h2 id="timeline-title">Timeline</h2>
        <button
          type="button"
          class="link"
          onClick={() => {
            timeline.clear()
          }}
        >
          Clear
        </button>
      </header>
      <div class="timeline-filters">
        <Filters filter={filter} onChoose={setFilter} />
        <label class="check">
          <input
            type="checkbox"
            checked={withLog}
            data-testid="with-log"
            onChange={({ currentTarget }) => {
              setWithLog(currentTarget.checked)
            }}
          />
          Client log
        </label>
      </div>
      {entries.length === 0 ? (
        <p class="timeline-nothing">What is published, pushed, polled and applied is listed here.</p>
      ) : (
        <div class="rows" role="region" aria-label="What happened" tabIndex={0}>
          <ol data-testid="timeline">
            {entries.slice(0, SHOWN).map((entry) => (
              <Row
                key={entry.id}
                entry={entry}
                isOpen={entry.eventId !== undefined && entry.eventId === openId}
                onOpen={onOpen}
              />
            ))}
          </ol>
        </div>
      )}
    </section>
  )
}

function Filters({ filter, onChoose }: { filter: Filter; onChoose: (filter: Filter) => void }): JSX.Element {
  return (
    <div class="segments" role="group" aria-label="Whose">
      {(Object.keys(FILTERS) as Filter[]).map((name) => (
        <button
          key={name}
          type="button"
          class="segment"
          aria-pressed={filter === name}
          data-testid={`filter-${name}`}
          onClick={() => {
            onChoose(name)
          }}
        >
          {FILTERS[name]}
        </button>
      ))}
    </div>
  )
}

interface RowProps {
  readonly entry: Entry
  readonly isOpen: boolean
  readonly onOpen: OpenWay
}

function Row({ entry, isOpen, onOpen }: RowProps): JSX.Element {
  const { at, actor, device, kind, text, first, last, times = 1, notes = [] } = entry
  return (
    <li class="row" data-actor={actor} data-kind={kind}>
      <Time at={at} precise />
      <div class="row-body">
        <p>
          <span class="row-actor">
            {NAMES[actor]}
            {device !== undefined && `, ${device}`}
          </span>{' '}
          {kind !== 'trouble' && <span class="row-kind">{kind}</span>} <span class="row-text">{text}</span>
          {kind !== 'applied' && times > 1 && <span class="times"> ×{times}</span>}
        </p>
        {notes.map((note) => (
          <p key={note} class="row-note">
            {note}
          </p>
        ))}
      </div>
      {first !== undefined && <Offset first={first} last={last} isShort />}
      <OpenRow entry={entry} isOpen={isOpen} onOpen={onOpen} />
    </li>
  )
}

/** Lies over its row, where that is about one event. */
function OpenRow({ entry, isOpen, onOpen }: RowProps): JSX.Element | null {
  const { eventId, actor, kind, text } = entry
  if (eventId === undefined) return null
  return (
    <button
      type="button"
      class="row-open"
      aria-haspopup="dialog"
      aria-current={isOpen}
      aria-label={`Show the way of this event: ${NAMES[actor]} ${kind} ${text}`.trim()}
      data-testid="row-open"
      onClick={({ currentTarget }) => {
        onOpen(eventId, currentTarget, actor === 'backend' ? undefined : actor)
      }}
    />
  )
}
