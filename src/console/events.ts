import type { EventOf } from '../client/index.ts'

/** What the app of this page declares. Other types are shown as well, by their name. */
export interface AppEvents {
  SESSION_COMPLETED: SessionFields
  SESSION_CANCELLED: SessionFields & { readonly reason?: string }
}

interface SessionFields {
  readonly timestamp: number
  readonly sessionId: string
  /** An event needs only one of the two, or neither where it names its recipients otherwise. */
  readonly trainerId?: string
  readonly studentId?: string
}

export type AppEvent = EventOf<AppEvents>

export type Role = 'trainer' | 'student'

export interface Description {
  readonly title: string
  readonly detail: string
  readonly icon: 'done' | 'cancelled' | 'other'
}

/** An event as the app of a trainer or of a student shows it. */
export function describe(event: AppEvent, role: Role): Description {
  switch (event.type) {
    case 'SESSION_COMPLETED':
      return { title: `Session ${event.sessionId} completed`, detail: companion(event, role), icon: 'done' }
    case 'SESSION_CANCELLED': {
      const detail = event.reason ?? companion(event, role)
      return { title: `Session ${event.sessionId} cancelled`, detail, icon: 'cancelled' }
    }
    default:
      return { title: (event as { type: string }).type, detail: fieldsOf(event), icon: 'other' }
  }
}

function companion({ trainerId, studentId }: SessionFields, role: Role): string {
  const other = role === 'trainer' ? studentId : trainerId
  return other === undefined ? '' : `with ${other}`
}

function fieldsOf(event: object): string {
  const { id: _id, type: _type, timestamp: _timestamp, ...fields } = event as Record<string, unknown>
  return JSON.stringify(fields)
}

export interface Session {
  readonly sessionId: string
  readonly trainerId: string
  readonly studentId: string
}

export function completed(session: Session): object {
  return { type: 'SESSION_COMPLETED', timestamp: Date.now(), ...session }
}

export function cancelled(session: Session): object {
  return { type: 'SESSION_CANCELLED', timestamp: Date.now(), ...session, reason: 'The student is ill' }
}
