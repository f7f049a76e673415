import type { JSX } from 'preact'

/** Neighbouring offsets differ at the end. */
const TELLING = 4

interface OffsetProps {
  readonly first: number
  readonly last?: number | undefined
  /** Where many stand below each other, what they have in common is left out. */
  readonly isShort?: boolean
}

/** An offset, or a range of them. */
export function Offset({ first, last = first, isShort = false }: OffsetProps): JSX.Element {
  const text = String(first)
  return (
    <span class="offset" title={last === first ? text : `${text} to ${last}`}>
      <span class="offset-same">{isShort ? '…' : text.slice(0, -TELLING)}</span>
      <span class="offset-telling">{text.slice(-TELLING)}</span>
      {last !== first && <span class="offset-telling">–{String(last).slice(-TELLING)}</span>}
    </span>
  )
}

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** The time of day, with milliseconds where the order of things is looked at. */
export function Time({ at, precise = false }: { at: number; precise?: boolean }): JSX.Element {
  const text = TIME.format(at)
  return (
    <time dateTime={new Date(at).toISOString()}>
      {text}
      {precise && <span class="millis">.{String(at % 1000).padStart(3, '0')}</span>}
    </time>
  )
}
