import { ENTRY, isProducer, type MessageNumber } from '../../publisher/redis/wire.ts'
import type { Message, Reason } from '../message.ts'
import { listOf, type Reply, textOf } from '../redis/script.ts'

/** Reads stream entries: `[id, [name, value, …]]` each. Those that Redis no longer has are left out. */
export function messagesOf(entries: Reply | undefined): readonly Message[] {
  return listOf(entries).flatMap((entry) => (entry === null ? [] : [messageOf(listOf(entry))]))
}

function messageOf([id, list]: readonly Reply[]): Message {
  const entry = textOf(id)
  const fields = fieldsOf(listOf(list))
  const bytes = fields.get(ENTRY.event) ?? onlyValue(fields)
  if (bytes === undefined) return { entry, bytes: asJson(fields), problem: withoutEvent([...fields.keys()]) }
  const number = numberIn(fields)
  return { entry, bytes, ...(number !== undefined && { number }) }
}

function fieldsOf(list: readonly Reply[]): ReadonlyMap<string, Buffer> {
  const fields = new Map<string, Buffer>()
  for (let at = 0; at + 1 < list.length; at += 2) fields.set(textOf(list[at]), list[at + 1] as Buffer)
  return fields
}

/** Whatever another producer calls it: if there is but one field, it can be nothing else. */
function onlyValue(fields: ReadonlyMap<string, Buffer>): Buffer | undefined {
  return fields.size === 1 ? [...fields.values()][0] : undefined
}

function numberIn(fields: ReadonlyMap<string, Buffer>): MessageNumber | undefined {
  const producer = textOf(fields.get(ENTRY.producer))
  const number = textOf(fields.get(ENTRY.number))
  if (!isProducer(producer) || !/^[1-9]\d{0,14}$/.test(number)) return undefined
  return { producer, number: Number(number) }
}

/** Many people write an event's fields as those of the entry. It is shown so, for whoever looks at the dead letter. */
function asJson(fields: ReadonlyMap<string, Buffer>): Buffer {
  return Buffer.from(
    JSON.stringify(Object.fromEntries([...fields].map(([name, value]) => [name, value.toString()]))),
  )
}

function withoutEvent(names: readonly string[]): Reason {
  return {
    code: 'no_event_field',
    message: `the entry has the fields ${names.join(', ').slice(0, 500)} and none named ${ENTRY.event}; put the event's JSON into that one`,
  }
}
