import type { BegunReceipt } from '../../core/ports.ts'
import type { EventWay } from '../../core/why/event-way.ts'
import { type AdminOptions, ask } from './admin.ts'
import { eventIdFrom } from './event-id.ts'
import { print } from './print.ts'
import { segment } from './segment.ts'
import { wayLines } from './trace-text.ts'

export interface TraceOptions extends AdminOptions {
  readonly json?: boolean
  readonly payload?: boolean
}

type Receipt = (EventWay | BegunReceipt) & { readonly event?: unknown }

/** Prints the way of one event to everybody whom it concerns. @throws CliError */
export async function trace(
  event: string,
  { json = false, payload = false, ...options }: TraceOptions,
): Promise<void> {
  const path = `/api/v1/events/${segment('event', await eventIdFrom(event))}/receipt${payload ? '?include=event' : ''}`
  const hint =
    'it was never accepted here, or too long ago; "fanout why --user … --event …" says whether it was refused. An event without an id is asked for by its JSON'
  const { text, value } = await ask<Receipt>(options, path, { hint })
  print(json ? text : [...wayLines(value), ...(payload ? ['', payloadText(value)] : [])])
}

function payloadText({ event }: Receipt): string {
  return event === undefined ? 'the event itself is not kept, or not yet in a log' : JSON.stringify(event)
}
