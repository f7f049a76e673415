import type { JSX } from 'preact'

/** Drawn on 16 by 16, in the colour of the text. They decorate: what they say stands beside them. */
const PATHS = {
  done: 'M3.5 8.5l3 3 6-7',
  cancelled: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  other: 'M4 8h.01M8 8h.01M12 8h.01',
  copy: 'M6 6h7.500v7.500h-7.500zM3.500 10h-1v-7.500h7.500v1',
  send: 'M2.5 8h10M8.5 4l4 4-4 4',
  plus: 'M8 3.5v9M3.5 8h9',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3a5.3 5.3 0 1 0 6.6 6.6z',
  screen: 'M2.5 3.5h11v7h-11zM5.5 13h5M8 10.5V13',
  socket: 'M2 8h3.2M10.8 8H14M5.2 5.500v5M8 5.500v5M10.8 5.500v5M5.2 5.500h2.800M5.2 10.500h2.8',
  live: 'M8 6.500a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3M4.6 4.600a4.8 4.8 0 0 0 0 6.800M11.4 4.600a4.8 4.8 0 0 1 0 6.800M2.5 2.500a7.8 7.8 0 0 0 0 11M13.5 2.500a7.8 7.8 0 0 1 0 11',
  polling: 'M13 8a5 5 0 1 1-1.5-3.600M13 2.500v2.500h-2.5',
  offline:
    'M2.5 2.500l11 11M4.2 7.800a5.5 5.5 0 0 1 1.5-1M6.2 10.200a2.6 2.6 0 0 1 3.2-.2M2.2 5.600a8.5 8.5 0 0 1 1.5-1M6.8 3.600a8.5 8.5 0 0 1 7 2M11 6.900a5.5 5.5 0 0 1 .8.9M8 12.500h.01',
  connecting: 'M8 2.500a5.5 5.5 0 0 1 5.5 5.5',
  closed: 'M4 8h8',
  warning: 'M8 2.500l6 11H2zM8 6.800v3M8 11.500h.01',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}

/** One event that reaches two. */
export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="logo-line" d="M9 16h4c4 0 4-7 9-7M9 16h4c4 0 4 7 9 7" />
      <circle class="logo-source" cx="8" cy="16" r="4" />
      <circle class="logo-trainer" cx="24" cy="9" r="3.5" />
      <circle class="logo-student" cx="24" cy="23" r="3.5" />
    </svg>
  )
}
