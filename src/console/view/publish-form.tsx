import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Backend } from '../backend.ts'
import type { Session } from '../events.ts'
import type { Side } from '../side.ts'
import { FreeEvent } from './free-event.tsx'
import { Icon } from './icons.tsx'
import { useObserved } from './use-observed.ts'

const SEVERAL = 5

interface Props {
  readonly backend: Backend
  readonly trainer: Side
  readonly student: Side
}

/** The backend's side: what happened, and whom it concerns. */
export function PublishForm({ backend, trainer, student }: Props): JSX.Element {
  useObserved(backend)
  useObserved(trainer)
  useObserved(student)
  const [number, setNumber] = useState(() => 1000 + Math.floor(Math.random() * 9000))
  const [typed, setTyped] = useState<Partial<Session>>({})
  const session: Session = {
    sessionId: `s-${number}`,
    trainerId: trainer.userId,
    studentId: student.userId,
    ...typed,
  }
  const complete = (count: number): void => {
    const { sessionId: _typed, ...people } = typed
    const { trainerId, studentId } = session
    const more = Array.from({ length: count - 1 }, (_, i) => ({
      sessionId: `s-${number + i + 1}`,
      trainerId,
      studentId,
    }))
    void backend.complete([session, ...more])
    setNumber(number + count)
    setTyped(people)
  }
  return (
    <section class="card backend" id="backend" aria-labelledby="backend-title">
      <div class="backend-intro">
        <h2 id="backend-title">Backend</h2>
        <p>Says once that a session is completed. Both people see it.</p>
      </div>
      <form
        class="publish"
        onSubmit={(event) => {
          event.preventDefault()
          complete(1)
        }}
      >
        <Fields
          session={session}
          onType={(change) => {
            setTyped({ ...typed, ...change })
          }}
        />
        <Buttons
          onSeveral={() => {
            complete(SEVERAL)
          }}
        />
      </form>
      <PublishOutcome backend={backend} session={session} trainer={trainer} student={student} />
      <FreeEvent backend={backend} session={session} />
    </section>
  )
}

function Buttons({ onSeveral }: { onSeveral: () => void }): JSX.Element {
  return (
    <div class="publish-buttons">
      <button type="submit" class="button primary" data-testid="complete">
        Complete session
        <Icon name="send" />
      </button>
      <button
        type="button"
        class="button"
        data-testid="complete-several"
        aria-label={`×${SEVERAL}: complete ${SEVERAL} sessions`}
        onClick={onSeveral}
      >
        ×{SEVERAL}
      </button>
    </div>
  )
}

const FIELDS = [
  ['sessionId', 'Session'],
  ['trainerId', 'Trainer'],
  ['studentId', 'Student'],
] as const

function Fields(props: { session: Session; onType: (change: Partial<Session>) => void }): JSX.Element {
  const { session, onType } = props
  return (
    <>
      {FIELDS.map(([name, label]) => (
        <label key={name} class="field">
          <span>{label}</span>
          <input
            name={name}
            value={session[name]}
            required
            maxLength={128}
            autoComplete="off"
            spellcheck={false}
            data-testid={name}
            onInput={({ currentTarget }) => {
              onType({ [name]: currentTarget.value })
            }}
          />
        </label>
      ))}
    </>
  )
}

function PublishOutcome({ backend, session, trainer, student }: Props & { session: Session }): JSX.Element {
  const { outcome, running } = backend
  const absent = [
    session.trainerId === trainer.userId ? [] : [session.trainerId],
    session.studentId === student.userId ? [] : [session.studentId],
  ].flat()
  const said = running > 0 ? 'Publishing…' : (outcome?.text ?? 'The server’s answer will stand here.')
  const hint =
    absent.length > 0
      ? ` Nobody is signed in here as ${absent.join(' or ')}: no pane shows what is theirs.`
      : ''
  return (
    <p class="outcome" data-good={outcome?.isGood} role="status" data-testid="outcome">
      {said}
      {hint}
    </p>
  )
}
