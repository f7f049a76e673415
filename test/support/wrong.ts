/** Mistakes that the tests of publishing must find: each is how one would write it at first. */
import type { AcceptedEvent } from '../../src/core/event.ts'
import type { Appended } from '../../src/core/ports.ts'
import { Publisher, type PublishDependencies, type PublishResult } from '../../src/core/publish.ts'
import { pushEvent } from '../../src/core/push.ts'
import { ReferenceLog } from './reference-log.ts'

export type Publish = (event: AcceptedEvent) => Promise<PublishResult>
export type MakePublish = (dependencies: PublishDependencies) => Publish

export const rightly: MakePublish = (dependencies) => {
  const publisher = new Publisher(dependencies)
  return async (event) => publisher.publish(event)
}

/** Guesses the offsets and pushes at once: faster, while nothing goes wrong. */
export const pushBeforeAppend: MakePublish = (dependencies) => async (event) => {
  const recipients = await Promise.all(
    event.recipients.map(async ({ userId, field }) => {
      const offset = (await dependencies.log.head(userId)) + 1
      return { userId, field, offset, deliveries: [] }
    }),
  )
  const { id: eventId, type, digest } = event
  const guess = { eventId, type, digest, state: 'accepted' as const, acceptedAt: 0, recipients }
  await pushEvent(dependencies, guess, event.text)
  return rightly(dependencies)(event)
}

/** Saves a round trip: asks for the connections while it appends. */
export const lookUpBeforeAppend: MakePublish = (dependencies) => async (event) => {
  const found = new Map(
    await Promise.all(
      event.recipients.map(
        async ({ userId }) => [userId, await dependencies.connections.ofUser(userId)] as const,
      ),
    ),
  )
  const ofUser = async (userId: string) => found.get(userId) ?? []
  return rightly({ ...dependencies, connections: { ...dependencies.connections, ofUser } })(event)
}

/** Answers early: the push can be done afterwards. */
export const completeBeforePush: MakePublish = (dependencies) => async (event) => {
  const { log } = dependencies
  return rightly({
    ...dependencies,
    log: {
      ...log,
      append: async (events) => {
        const appended = await log.append(events)
        await log.complete(appended.flatMap((one) => (one.status === 'appended' ? [one.receipt] : [])))
        return appended
      },
      complete: async () => undefined,
    },
  })(event)
}

/** "It is in the log, so it was pushed." */
export const pushOnlyAtFirst: MakePublish = (dependencies) => async (event) => {
  const { log } = dependencies
  const earlier = await log.receipt(event.id)
  if (earlier !== undefined && earlier.state !== 'begun') await log.complete([earlier])
  return rightly(dependencies)(event)
}

/** Takes a receipt into account only once it is complete: a try that died half-way is tried from the start. */
export class ForgetfulLog extends ReferenceLog {
  protected override async appendOne(event: AcceptedEvent, pause?: () => Promise<void>): Promise<Appended> {
    if ((await this.receipt(event.id))?.state !== 'logged') this.forget(event.id)
    return super.appendOne(event, pause)
  }
}

/** Looks whether another try was faster, then writes: between the two the other try does the same. */
export class CheckThenActLog extends ReferenceLog {
  protected override async place(
    offsets: Map<string, number>,
    userId: string,
    text: string,
    pause?: () => Promise<void>,
  ): Promise<void> {
    const isThere = offsets.has(userId)
    if (pause !== undefined) await pause()
    if (!isThere) offsets.set(userId, this.write(userId, text))
  }
}

/** Sorts an entry in where it "belongs" instead of at the end: readers that have passed never see it. */
export class ReorderingLog extends ReferenceLog {
  protected override write(userId: string, text: string): number {
    const offset = super.write(userId, text)
    const entries = this.entriesOf(userId) as { offset: number; loggedAt: number; text: string }[]
    const [last, before] = [entries.at(-1), entries.at(-2)]
    if (last === undefined || before === undefined || before.text <= last.text) return offset
    entries.splice(-2, 2, { ...last, offset: before.offset }, { ...before, offset: last.offset })
    return before.offset
  }
}
