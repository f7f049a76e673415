import { inBatches } from './batches.ts'
import { Delivery, type Means } from './delivery.ts'
import { FailedTry } from './failed-try.ts'
import { MANY } from './forms.ts'
import type { Item } from './item.ts'
import type { PublishOptions } from './options.ts'
import { PublishError } from './publish-error.ts'
import type { Outcome } from './results.ts'

/**
 * Delivers events in batches, one after the other, and no further than to the first batch that has an event which may be taken later:
 * what comes after it would overtake it.
 *
 * @param items an error keeps the place of an event that could not even be written
 * @returns what became of each, in the order given
 */
export async function deliverInTurn(
  items: readonly (Item | PublishError)[],
  means: Means,
  options: PublishOptions,
): Promise<Outcome[]> {
  const outcomes = new Map<Item, Outcome>()
  let held: PublishError | undefined
  for (const batch of inBatches(items.filter(isItem))) {
    const results =
      held === undefined ? await new Delivery(batch, MANY, means, options).run() : notSent(batch, held)
    for (const [item, outcome] of results) {
      outcomes.set(item, outcome)
      if ('error' in outcome && !outcome.error.refused) held ??= outcome.error
    }
  }
  return items.map((item) => (item instanceof PublishError ? { error: item } : outcomeOf(item, outcomes)))
}

function notSent(batch: readonly Item[], cause: PublishError): ReadonlyMap<Item, Outcome> {
  const message =
    'not sent, for events before it in the same publishAll were not taken; publish them again first'
  const failed = new FailedTry(message, { code: 'not_sent' }, { cause })
  return new Map(batch.map((item) => [item, { error: failed.of(item, 0) }]))
}

export function outcomeOf(item: Item, outcomes: ReadonlyMap<Item, Outcome>): Outcome {
  const outcome = outcomes.get(item)
  if (outcome === undefined) throw new Error('an event was lost on its way: a bug of the publisher')
  return outcome
}

function isItem(item: Item | PublishError): item is Item {
  return !(item instanceof PublishError)
}
