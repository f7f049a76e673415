import type { State, Status } from '../client/index.ts'

export interface Meaning {
  readonly label: string
  /** What it means for the user. */
  readonly meaning: string
}

const MEANINGS: Readonly<Record<State, Meaning>> = {
  connecting: { label: 'Connecting', meaning: 'Looking for the server.' },
  live: { label: 'Live', meaning: 'Events appear the moment they happen.' },
  polling: { label: 'Polling', meaning: 'No socket is to be had. Events appear within 3 seconds.' },
  offline: { label: 'Offline', meaning: 'The server cannot be reached. What you see may be old.' },
  closed: { label: 'Closed', meaning: 'This device was disconnected.' },
}

/** What a status means for whoever looks at the screen. */
export function meaningOf({ state, reason }: Status): Meaning {
  if (reason === 'unauthorized' && state !== 'live') {
    return { label: MEANINGS[state].label, meaning: 'The server refuses the token. Please sign in again.' }
  }
  if (reason === 'evicted' && state === 'polling') {
    return { label: 'Polling', meaning: 'Too many devices are connected. Events appear within 3 seconds.' }
  }
  return MEANINGS[state]
}
