/**
 * What the server sends over a socket, as JSON text. Event texts are put in as they are: they were checked when they
 * came in, and parsing and writing them again would change numbers that JavaScript cannot hold.
 */
import { FRAME_ERRORS, type FrameErrorCode } from './codes.ts'
import type { LogEntry } from './ports.ts'
import type { ReadResult } from './read.ts'

export function eventFrame(offset: number, text: string): string {
  return `{"type":"event","offset":${offset},"event":${text}}`
}

export function eventsFrame(result: ReadResult): string {
  return `{"type":"events",${renderResult(result)}}`
}

/** The same page as `GET /api/v1/events/recent` answers it. */
export function pageBody(result: ReadResult): string {
  return `{${renderResult(result)}}`
}

export function pongFrame(head: number): string {
  return JSON.stringify({ type: 'pong', head })
}

/** @param message what is wrong, with which value; the code's own text if left out */
export function errorFrame(code: FrameErrorCode, message: string = FRAME_ERRORS[code]): string {
  return JSON.stringify({ type: 'error', code, message })
}

function renderResult({ entries, head, more, truncated }: ReadResult): string {
  return `"events":[${entries.map(renderEntry).join(',')}],"head":${head},"more":${more},"truncated":${truncated}`
}

function renderEntry({ offset, loggedAt, text }: LogEntry): string {
  return `{"offset":${offset},"loggedAt":${loggedAt},"event":${text}}`
}
