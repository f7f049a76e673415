/** What every system under measurement has to be able to do. */
import type { Programs } from './programs.ts'

/** Where a user's device has got to, in the system's own terms. */
export type Cursor = string

export type OnMessage = (payload: Buffer) => void

export interface Subscription {
  /** @param last the last message that it got */
  readonly cursor: (last: Buffer) => Promise<Cursor>
  readonly close: () => void
}

/** A system that serves. */
export interface Running {
  /** Of all processes that serve: their CPU and memory are the system's. */
  readonly pids: readonly number[]
  /** From the first process started until the last one serves. */
  readonly startUpMs: number
  readonly version: string
  readonly subscribe: (userId: string, onMessage: OnMessage) => Promise<Subscription>
  /** Resolves when the system has acknowledged it. */
  readonly publish: (text: string, trainerId: string, studentId: string) => Promise<void>
  /** Connects again, and asks for what came since. */
  readonly catchUp?: (userId: string, cursor: Cursor, onMessage: OnMessage) => Promise<{ close: () => void }>
  readonly stop: () => Promise<void>
}

export interface Peer {
  readonly name: string
  /** What is kept of an event, and where. */
  readonly log: string
  /** What is true of an event whose publish was acknowledged. */
  readonly acknowledged: string
  /** Whether it then survives a loss of power. */
  readonly durable: boolean
  /** Which program it lacks on this machine, if any. */
  readonly missing: (programs: Programs) => string | undefined
  readonly start: (folder: string, programs: Programs) => Promise<Running>
}
