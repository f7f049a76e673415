import type { JSX } from 'preact'
import type { Console } from '../console.ts'
import type { Side } from '../side.ts'
import { Notice } from './notice.tsx'
import { Pane, TITLES } from './pane.tsx'
import { PublishForm } from './publish-form.tsx'
import { StatusBadge } from './status-badge.tsx'
import { TimelineView } from './timeline-view.tsx'
import { useObserved } from './use-observed.ts'
import { useWay } from './use-way.ts'
import { WayPanel } from './way-panel.tsx'

/** The backend, both people, and what happened between them. */
export function Workbench({ model }: { model: Console }): JSX.Element {
  const { config, backend, trainer, student, timeline, tokens, way, announcer } = model
  const canExpire = tokens.ended !== undefined
  const { openId, onOpen, onClose } = useWay(way)
  const opening = { openId, onOpen }
  return (
    <>
      {!config.originAllowed && (
        <Notice>
          The server refuses sockets of this page with 403: its <code>ALLOWED_ORIGINS</code> lacks{' '}
          <code>{location.origin}</code>. Until it is added, both sides poll.
        </Notice>
      )}
      <nav class="jump" aria-label="On this page">
        <JumpLink side={trainer} />
        <JumpLink side={student} />
        <a href="#timeline">Timeline</a>
      </nav>
      <div class="bench">
        <PublishForm backend={backend} trainer={trainer} student={student} />
        <Pane side={trainer} canExpire={canExpire} {...opening} />
        <Pane side={student} canExpire={canExpire} {...opening} />
        <TimelineView timeline={timeline} {...opening} />
        {openId !== undefined && (
          <WayPanel way={way} sides={[trainer, student]} announcer={announcer} onClose={onClose} />
        )}
      </div>
    </>
  )
}

/** On a phone the panes are below each other: both states stay in sight. */
function JumpLink({ side }: { side: Side }): JSX.Element {
  useObserved(side)
  useObserved(side.device)
  return (
    <a href={`#${side.role}`}>
      {TITLES[side.role]}
      <StatusBadge status={side.device.status} />
    </a>
  )
}
