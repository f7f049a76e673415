import { ENTRY, isProducer, type MessageNumber } from '../../publisher/redis/wire.ts'
import type { Message, Reason } from '../message.ts'
import { listOf, type Reply, textOf } from '../redis/script.ts'

/** Reads stream entries: `[id, [name, value, …]]` each. Those that Redis no longer has are left out. */
export function messagesOf(entries: Reply | undefined): readonly Message[] {
  return listOf(entries).flatMap((entry) => (entry === null ? [] : [messageOf(listOf(entry))]))
}

/** By their names, in the order of the entry. A name may be there several times. */
type Fields = ReadonlyMap<string, readonly Buffer[]>

function messageOf([id, list]: readonly Reply[]): Message {
  const entry = textOf(id)
  const fields = fieldsOf(listOf(list))
  const values = fields.get(ENTRY.event) ?? onlyValues(fields)
  const [bytes] = values
  if (bytes === undefined) return { entry, bytes: asJson(fields), problem: withoutEvent([...fields.keys()]) }
  // Taking one of them would be to lose the others without a word.
  const problem = values.length > 1 ? { problem: withSeveral(values.length) } : undefined
  const number = numberIn(fields)
  return {
    entry,
    bytes: problem === undefined ? bytes : asJson(fields),
    ...(number !== undefined && { number }),
    ...problem,
  }
}

function fieldsOf(list: readonly Reply[]): Fields {
  const fields = new Map<string, Buffer[]>()
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = textOf(list[at])
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [list[at + 1] as Buffer])
    else values.push(list[at + 1] as Buffer)
  }
  return fields
}

/** Whatever another producer calls it: if there is but one field, it can be nothing else. */
function onlyValues(fields: Fields): readonly Buffer[] {
  const [values = [], ...others] = fields.values()
  return others.length === 0 ? values : []
}

function numberIn(fields: Fields): MessageNumber | undefined {
  const [producer, number] = [ENTRY.producer, ENTRY.number].map((name) => textOf(fields.get(name)?.[0]))
  if (producer === undefined || number === undefined) return undefined
  if (!isProducer(producer) || !/^[1-9]\d{0,14}$/.test(number)) return undefined
  return { producer, number: Number(number) }
}

/** Many people write an event's fields as those of the entry. It is shown so, for whoever looks at the dead letter. */
function asJson(fields: Fields): Buffer {
  const shown = [...fields].map(([name, values]) => {
    const texts = values.map((value) => value.toString())
    return [name, texts.length === 1 ? texts[0] : texts]
  })
  return Buffer.from(JSON.stringify(Object.fromEntries(shown)))
}

function withoutEvent(names: readonly string[]): Reason {
  return {
    code: 'no_event_field',
    message: `the entry has the fields ${names.join(', ').slice(0, 500)} and none named ${ENTRY.event}; put the event's JSON into that one`,
  }
}

function withSeveral(count: number): Reason {
  return {
    code: 'no_event_field',
    message: `the entry has ${count} fields of the same name; put each event into an entry of its own, its JSON into a field named ${ENTRY.event}`,
  }
}
