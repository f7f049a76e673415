import type { AnyEvents, EventMap } from '../client/event-map.ts'
import { platformEnvironment } from './environment.ts'
import type { PublisherOptions } from './options.ts'
import { type Publisher, publisherIn } from './publisher.ts'

/**
 * Publishes a backend's events over HTTP, and tries again where that cannot duplicate them. It holds nothing open: a publisher that
 * is not used any more needs no closing.
 *
 * @throws TypeError if an option cannot be used
 */
export function createPublisher<Events extends EventMap<Events> = AnyEvents>(
  options: PublisherOptions,
): Publisher<Events> {
  return publisherIn<Events>(options, platformEnvironment)
}
