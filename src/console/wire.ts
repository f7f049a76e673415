import type { Actor, Entry, Merge, NewEntry, Timeline } from './timeline.ts'
import type { Observer } from './network.ts'

/** The parts of the server's messages that the timeline shows: `docs/protocol.md`, "Messages". */
interface Message {
  readonly type?: string
  readonly action?: string
  readonly offset?: number
  readonly event?: Identified
  readonly code?: string
  readonly message?: string
  readonly events?: readonly { readonly offset: number; readonly event: Identified }[]
  readonly head?: number
}

interface Identified {
  readonly id: string
}

/** Who it is of. */
export interface Source {
  readonly actor: Actor
  readonly device?: string
}

/**
 * Writes what goes over a device's wire into the timeline.
 *
 * @param onProgress called when an event has come, or the server is told how far the app is
 */
export function wireObserver(timeline: Timeline, source: Source, onProgress: () => void): Observer {
  const add = (entry: Omit<NewEntry, keyof Source>, merge?: Merge): void => {
    timeline.add({ ...source, ...entry }, merge)
  }
  return {
    onMessage: (text) => {
      const message = parsed(text)
      if (message.type === 'event')
        add({ kind: 'pushed', text: '', eventId: message.event?.id, ...at(message.offset) })
      if (message.type === 'events') add(pageEntry('resumed', message))
      if (message.type?.startsWith('event') === true) onProgress()
      if (message.type === 'error')
        add({ kind: 'trouble', text: `${message.code ?? ''}: ${message.message ?? ''}` })
    },
    onSent: (text) => {
      const { action } = parsed(text)
      if (action === 'ack' || action === 'report') onProgress()
    },
    onPoll: (page) => {
      // A poll acknowledges what it comes after.
      onProgress()
      const entry = pageEntry('polled', page as Message)
      // A poll every few seconds that brings nothing is one line, or there would be no others.
      add(entry, (before) =>
        isEmptyPoll(entry) && isEmptyPoll(before) ? { ...source, ...entry } : undefined,
      )
    },
    onTrouble: (text) => {
      add({ kind: 'trouble', text }, (before) =>
        before.text === text ? { ...source, kind: 'trouble', text } : undefined,
      )
    },
  }
}

function parsed(text: string): Message {
  try {
    return JSON.parse(text) as Message
  } catch {
    return {}
  }
}

const NOTHING_NEW = 'nothing new'

function pageEntry(kind: 'resumed' | 'polled', { events = [], head }: Message): Omit<NewEntry, keyof Source> {
  if (events.length === 0) return { kind, text: NOTHING_NEW, ...at(head) }
  const [first] = events
  if (events.length === 1) return { kind, text: 'one event', eventId: first?.event.id, ...at(first?.offset) }
  return { kind, text: `${events.length} events`, ...range(first?.offset, events.at(-1)?.offset) }
}

function isEmptyPoll({ text }: Pick<Entry, 'text'>): boolean {
  return text === NOTHING_NEW
}

function at(offset: number | undefined): { first?: number; last?: number } {
  return range(offset, offset)
}

function range(first: number | undefined, last: number | undefined): { first?: number; last?: number } {
  return first === undefined || last === undefined ? {} : { first, last }
}
