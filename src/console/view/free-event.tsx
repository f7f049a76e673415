import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Backend } from '../backend.ts'
import type { Session } from '../events.ts'

/** For the curious: any event at all. */
export function FreeEvent({ backend, session }: { backend: Backend; session: Session }): JSX.Element {
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState('')
  const propose = (event: object): void => {
    setText(JSON.stringify(event, null, 2))
    setWrong('')
  }
  const submit = (submitted: SubmitEvent): void => {
    submitted.preventDefault()
    const event = parsed(text)
    setWrong(typeof event === 'string' ? event : '')
    if (typeof event !== 'string') void backend.publish(event)
  }
  return (
    <details class="free">
      <summary>Cancel a session, or publish any event</summary>
      <form onSubmit={submit}>
        <Proposals backend={backend} session={session} onPropose={propose} />
        <label class="field">
          <span>Event, as JSON</span>
          <textarea
            rows={8}
            value={text}
            spellcheck={false}
            data-testid="json"
            placeholder='{ "type": "…", "timestamp": …, "recipientIds": ["…"] }'
            aria-invalid={wrong !== ''}
            aria-describedby="json-wrong"
            onInput={({ currentTarget }) => {
              setText(currentTarget.value)
            }}
          />
        </label>
        <p class="trouble" id="json-wrong" role="alert">
          {wrong}
        </p>
        <button type="submit" class="button" data-testid="publish-json">
          Publish this event
        </button>
      </form>
    </details>
  )
}

interface ProposalsProps {
  readonly backend: Backend
  readonly session: Session
  readonly onPropose: (event: object) => void
}

function Proposals({ backend, session, onPropose }: ProposalsProps): JSX.Element {
  return (
    <div class="proposals">
      <button
        type="button"
        class="button small"
        data-testid="cancel-last"
        onClick={() => {
          onPropose(backend.cancellation(session))
        }}
      >
        Cancel the last session
      </button>
      <button
        type="button"
        class="button small"
        onClick={() => {
          onPropose(reminder(session))
        }}
      >
        A reminder for one person
      </button>
    </div>
  )
}

function reminder({ studentId }: Session): object {
  return {
    type: 'REMINDER',
    timestamp: Date.now(),
    recipientIds: [studentId],
    text: 'Your session begins in an hour',
  }
}

/** @returns the event, or what is wrong with the text */
function parsed(text: string): object | string {
  try {
    const value: unknown = JSON.parse(text)
    const isOne = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isOne ? value : 'One event is a JSON object: { … }'
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
}
