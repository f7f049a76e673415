import type { Reason } from '../../../../src/core/codes.ts'
import { START, type Story, timeAt } from '../story.ts'

/** What happened around one event, and what ann is told of it. */
export interface Situation {
  readonly is: string
  readonly told: (story: Story) => Promise<void>
  readonly device?: string
  readonly reason: Reason
  readonly evidence: readonly string[]
}

export const NEVER = 'it has never acknowledged anything'
export const APPLIED = `applied at ${timeAt(1000)}: it acknowledged offset ${START}`
export const pushed = (outcome: string, id: string) => `${outcome} at ${timeAt(0)}, connection ${id}`
export const GONE = pushed('there was no such connection any more', 'c-2')

/** The phone was open and has applied the event a second later. */
export async function phoneApplies(story: Story): Promise<void> {
  await story.open('c-1', 'phone')
  await story.publish()
  story.wait(1000)
  await story.acknowledge('phone', START)
}

/** The phone was open, and its push went as the script says. */
export const phonePushed = (outcome: 'gone' | 'throttled' | 'failed') => async (story: Story) => {
  await story.open('c-1', 'phone')
  story.world.pusher.script.set('c-1', outcome)
  await story.publish()
}
