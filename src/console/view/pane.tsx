import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Device } from '../device.ts'
import type { Side } from '../side.ts'
import { meaningOf } from '../status.ts'
import { AppliedEvents } from './applied-events.tsx'
import { formText } from './form-text.ts'
import { Offset } from './offset.tsx'
import { OtherDevices } from './other-devices.tsx'
import { StatusBadge } from './status-badge.tsx'
import { Switches } from './switches.tsx'
import { useObserved } from './use-observed.ts'
import type { OpenWay } from './use-way.ts'

export const TITLES = { trainer: 'Trainer', student: 'Student' } as const

interface Props {
  readonly side: Side
  readonly canExpire: boolean
  readonly openId: string | undefined
  readonly onOpen: OpenWay
}

/** One person: their device, what it shows, and what may go wrong for it. */
export function Pane({ side, canExpire, openId, onOpen }: Props): JSX.Element {
  useObserved(side)
  useObserved(side.device)
  const { role, device } = side
  return (
    <section class="card pane" id={role} data-side={role} aria-labelledby={`${role}-title`}>
      <header class="pane-head">
        <span class="avatar" aria-hidden="true">
          {TITLES[role].charAt(0)}
        </span>
        <div class="pane-who">
          <h2 id={`${role}-title`}>{TITLES[role]}</h2>
          <SignedIn side={side} isFixed={!canExpire} />
        </div>
        <StatusBadge status={device.status} testId={`${role}-status`} />
      </header>
      <p class="meaning" data-state={device.status.state} data-testid={`${role}-meaning`}>
        {meaningOf(device.status).meaning}
      </p>
      <Facts device={device} />
      <Switches device={device} canExpire={canExpire} />
      <AppliedEvents
        key={device.userId}
        applied={device.applied}
        role={role}
        openId={openId}
        onOpen={onOpen}
      />
      <OtherDevices side={side} />
    </section>
  )
}

function Facts({ device }: { device: Device }): JSX.Element {
  const { role, offset, applied, device: name } = device
  return (
    <dl class="facts">
      <div>
        <dt>Offset</dt>
        <dd data-testid={`${role}-offset`}>{offset === undefined ? '–' : <Offset first={offset} />}</dd>
      </div>
      <div>
        <dt>Events</dt>
        <dd data-testid={`${role}-count`}>{applied.length}</dd>
      </div>
      <div>
        <dt>Device</dt>
        <dd class="device" title={name} data-testid={`${role}-device`}>
          {name ?? '–'}
        </dd>
      </div>
    </dl>
  )
}

/** Whose log this is. With tokens of one's own it follows from the token. */
function SignedIn({ side, isFixed }: { side: Side; isFixed: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const change = useRef<HTMLButtonElement>(null)
  const wasOpen = useRef(false)
  useEffect(() => {
    // Whoever came from the form by keyboard goes on from here.
    if (wasOpen.current) change.current?.focus()
    wasOpen.current = isOpen
  }, [isOpen])
  if (!isOpen) {
    return (
      <p class="signed-in">
        <span class="user-id" data-testid={`${side.role}-user`}>
          {side.userId}
        </span>
        {!isFixed && (
          <button
            type="button"
            class="link"
            aria-label={`Change the ${side.role}’s user`}
            ref={change}
            onClick={() => {
              setOpen(true)
            }}
          >
            change
          </button>
        )}
      </p>
    )
  }
  return (
    <SignIn
      side={side}
      onDone={() => {
        setOpen(false)
      }}
    />
  )
}

function SignIn({ side, onDone }: { side: Side; onDone: () => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    input.current?.focus()
  }, [])
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const userId = formText(event.currentTarget, 'user')
    if (userId !== side.userId) side.signIn(userId)
    onDone()
  }
  return (
    <form
      class="sign-in"
      onSubmit={submit}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onDone()
      }}
    >
      <input
        name="user"
        aria-label={`User id of the ${side.role}`}
        defaultValue={side.userId}
        required
        pattern=".*\S.*"
        title="A user id that is not blank"
        maxLength={128}
        autoComplete="off"
        spellcheck={false}
        ref={input}
      />
      <button type="submit" class="button small">
        Sign in
      </button>
    </form>
  )
}
