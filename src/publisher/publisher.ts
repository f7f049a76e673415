/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters --
   Of a type parameter's argument TypeScript does not demand that it has no other fields; and it takes interfaces too, where an index
   signature would take only literals. */
import type { EventMap } from '../client/event-map.ts'
import { Delivery } from './delivery.ts'
import type { Environment } from './environment.ts'
import type { EventToPublish } from './event-to-publish.ts'
import { FailedTry } from './failed-try.ts'
import { ONE } from './forms.ts'
import { deliverInTurn, outcomeOf } from './in-turn.ts'
import { type Item, itemOf, refusalOf } from './item.ts'
import { checkDuration, type PublisherOptions, type PublishOptions, targetOf } from './options.ts'
import { PublishError } from './publish-error.ts'
import type { Outcome, Published, Queued } from './results.ts'

type Waiting = PublishOptions & { readonly respondAsync?: false }

/** Publishes events of an app's map. */
export interface Publisher<Events> {
  /**
   * Publishes one event, and resolves when it is in every recipient's log. The event is written as JSON once, at the call, and
   * every try sends the same bytes.
   *
   * Events of publishes that run at the same time are logged in any order: await one before the next, or use `publishAll`.
   *
   * @throws PublishError
   */
  publish<Event extends EventToPublish<Events>>(event: Event, options?: Waiting): Promise<Published>
  publish<Event extends EventToPublish<Events>>(
    event: Event,
    options: PublishOptions,
  ): Promise<Published | Queued>
  /**
   * Publishes any number of events, in batches, one after the other: those that share a recipient are logged in the order given. One
   * that is refused for what it is does not hold up the rest. If a batch is not taken in time, what comes after it is `not_sent`, so
   * that nothing overtakes what is published again later.
   *
   * Resolves to what became of each, in the same order. Does not reject for what became of an event: **look at the outcomes**.
   */
  publishAll<Event extends EventToPublish<Events>>(
    events: readonly Event[],
    options?: Waiting,
  ): Promise<readonly Outcome<Published>[]>
  publishAll<Event extends EventToPublish<Events>>(
    events: readonly Event[],
    options: PublishOptions,
  ): Promise<readonly Outcome[]>
}

/** @throws TypeError if an option cannot be used */
export function publisherIn<Events extends EventMap<Events>>(
  options: PublisherOptions,
  environment: Environment,
): Publisher<Events> {
  const means = { target: targetOf(options), environment }

  function publish(event: object, options?: Waiting): Promise<Published>
  function publish(event: object, options: PublishOptions): Promise<Published | Queued>
  async function publish(event: object, options: PublishOptions = {}): Promise<Published | Queued> {
    checkOptions(options)
    const item = itemOrError(event, environment)
    if (item instanceof PublishError) throw item
    const outcome = outcomeOf(item, await new Delivery([item], ONE, means, options).run())
    if ('error' in outcome) throw outcome.error
    return outcome
  }

  function publishAll(events: readonly object[], options?: Waiting): Promise<Outcome<Published>[]>
  function publishAll(events: readonly object[], options: PublishOptions): Promise<Outcome[]>
  async function publishAll(events: readonly object[], options: PublishOptions = {}): Promise<Outcome[]> {
    checkOptions(options)
    return deliverInTurn(
      events.map((event) => itemOrError(event, environment)),
      means,
      options,
    )
  }

  return { publish, publishAll }
}

function checkOptions({ deadline }: PublishOptions): void {
  if (deadline !== undefined) checkDuration('deadline', deadline)
}

function itemOrError(event: unknown, environment: Environment): Item | PublishError {
  try {
    return itemOf(event, environment)
  } catch (error) {
    if (!(error instanceof FailedTry)) throw error
    return refusalOf(event, error)
  }
}
