import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { type PastedTokens, subjectOf } from '../tokens.ts'
import { formText } from './form-text.ts'

const FIELDS = [
  ['trainer', 'The trainer’s token', true],
  ['student', 'The student’s token', true],
  ['publishing', 'A token for publishing, with the scope events:publish', false],
  ['admin', 'A token for looking at the way of events, with the scope events:admin', false],
] as const

interface Props {
  readonly whyNoTokens: string
  readonly onTokens: (tokens: PastedTokens) => void
}

/** Where the server gives no tokens: they are pasted, and kept in memory alone. */
export function TokenForm({ whyNoTokens, onTokens }: Props): JSX.Element {
  const [wrong, setWrong] = useState('')
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const tokens = tokensOf(event.currentTarget)
    const bad = FIELDS.find(([name, , isRequired]) => isRequired && subjectOf(tokens[name]) === undefined)
    if (bad === undefined) onTokens(tokens)
    else setWrong(`${bad[1]} is no JSON Web Token with a user id in “sub”.`)
  }
  return (
    <section class="card tokens" aria-labelledby="tokens-title">
      <h2 id="tokens-title">Paste tokens to begin</h2>
      <p>
        This server gives the console no tokens, because {whyNoTokens}. Whoever signs your users in makes
        them. They stay in this page’s memory and are forgotten when you leave it.
      </p>
      <form onSubmit={submit}>
        {FIELDS.map(([name, label, isRequired]) => (
          <label key={name} class="field">
            <span>{label}</span>
            <input
              name={name}
              type="password"
              required={isRequired}
              autoComplete="off"
              spellcheck={false}
              data-testid={`token-${name}`}
            />
          </label>
        ))}
        <p class="trouble" role="alert">
          {wrong}
        </p>
        <button type="submit" class="button primary" data-testid="connect">
          Connect
        </button>
      </form>
    </section>
  )
}

function tokensOf(form: EventTarget | null): PastedTokens {
  return {
    trainer: formText(form, 'trainer'),
    student: formText(form, 'student'),
    publishing: formText(form, 'publishing'),
    admin: formText(form, 'admin'),
  }
}
