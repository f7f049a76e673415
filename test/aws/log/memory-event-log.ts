import { Appender } from '../../../src/aws/log/appender.ts'
import { appendInOrder } from '../../../src/aws/log/dynamo-event-log.ts'
import { LogLife } from '../../../src/aws/log/log-life.ts'
import { LogReader } from '../../../src/aws/log/log-reader.ts'
import type { LogStore } from '../../../src/aws/log/log-store.ts'
import type { Clock, EventLog } from '../../../src/core/ports.ts'

/** The real algorithm on any store. */
export function eventLogOn(store: LogStore, clock: Clock, retentionMs: number): EventLog {
  const life = new LogLife({ clock, retentionMs })
  const appender = new Appender({ store, life, wait: async () => undefined, patienceMs: 20_000 })
  const reader = new LogReader(store, life)
  return {
    append: async (events) => appendInOrder(appender, events),
    complete: async (receipts) =>
      store.complete(receipts.map((receipt) => ({ receipt, ttl: life.ttlOfCompleted(receipt) }))),
    receipt: async (eventId) => {
      const stored = await store.receipt(eventId)
      return stored?.state === 'logged' ? stored.receipt : stored && appender.find(stored.intent)
    },
    head: async (userId) => reader.head(userId),
    end: async (userId) => reader.end(userId),
    after: async (...given) => reader.after(...given),
    newest: async (...given) => reader.newest(...given),
    cursorAt: async (...given) => reader.cursorAt(...given),
  }
}

/** A store that asks before each call, and tells after it. */
export function steppedStore(store: LogStore, step: <T>(call: () => Promise<T>) => Promise<T>): LogStore {
  return {
    tail: async (...given) => step(() => store.tail(...given)),
    range: async (...given) => step(() => store.range(...given)),
    putEntry: async (...given) => step(() => store.putEntry(...given)),
    head: async (...given) => step(() => store.head(...given)),
    putHead: async (...given) => step(() => store.putHead(...given)),
    receipt: async (...given) => step(() => store.receipt(...given)),
    begin: async (...given) => step(() => store.begin(...given)),
    complete: async (...given) => step(() => store.complete(...given)),
  }
}
