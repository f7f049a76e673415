import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/bridge/message.ts'
import { Inbox } from '../../src/bridge/pubsub/inbox.ts'

const ROOMY = { messages: 1000, bytes: 1_000_000 }
const message = (text: string): Message => ({ bytes: Buffer.from(text) })
const texts = (messages: readonly Message[]) => messages.map(({ bytes }) => bytes.toString())
const never = new AbortController().signal

function filledWith(inbox: Inbox, ...all: readonly string[]): boolean[] {
  return all.map((text, i) => inbox.add(message(text), i))
}

describe('room', () => {
  it('is for so many messages, and the newest is what there is no room for', () => {
    const inbox = new Inbox({ messages: 2, bytes: 1000 })
    expect(filledWith(inbox, 'a', 'b', 'c')).toEqual([true, true, false])
    expect(inbox.messages).toBe(2)
    expect(texts(inbox.take())).toEqual(['a', 'b'])
  })

  it('is for so many bytes, the last of them included', () => {
    const inbox = new Inbox({ messages: 10, bytes: 6 })
    expect(filledWith(inbox, 'aaa', 'bbb', 'c')).toEqual([true, true, false])
    expect(texts(inbox.take())).toEqual(['aaa', 'bbb'])
  })

  it('is counted in bytes, not in characters', () => {
    const inbox = new Inbox({ messages: 10, bytes: 3 })
    expect(filledWith(inbox, 'é', 'é')).toEqual([true, false])
  })

  it('goes to a smaller message where a larger one has none', () => {
    const inbox = new Inbox({ messages: 10, bytes: 5 })
    expect(filledWith(inbox, 'aaa', 'bbb', 'cc')).toEqual([true, false, true])
  })

  it('is there for one larger than all of it, if it is the only one', () => {
    const inbox = new Inbox({ messages: 10, bytes: 3 })
    expect(filledWith(inbox, 'much too large', 'b')).toEqual([true, false])
    expect(texts(inbox.take())).toEqual(['much too large'])
    expect(filledWith(inbox, 'c', 'much too large')).toEqual([true, false])
  })

  it('comes back with what is taken', () => {
    const inbox = new Inbox({ messages: 2, bytes: 4 })
    for (let round = 0; round < 100; round++) {
      expect(filledWith(inbox, 'aa', 'bb', 'c')).toEqual([true, true, false])
      expect(inbox.take()).toHaveLength(2)
      expect(inbox.messages).toBe(0)
    }
  })
})

describe('taking', () => {
  it('gives a hundred at a time, in order, and nothing when it is empty', () => {
    const inbox = new Inbox(ROOMY)
    const all = Array.from({ length: 250 }, (_, i) => `m-${i}`)
    filledWith(inbox, ...all)
    const batches = [inbox.take(), inbox.take(), inbox.take(), inbox.take()]
    expect(batches.map(({ length }) => length)).toEqual([100, 100, 50, 0])
    expect(batches.flatMap(texts)).toEqual(all)
  })

  it('leaves the time of the oldest that waits', () => {
    const inbox = new Inbox(ROOMY)
    expect(inbox.oldestAt).toBeUndefined()
    inbox.afterwards(() => undefined)
    expect(inbox.oldestAt).toBeUndefined()
    for (let at = 0; at < 150; at++) inbox.add(message('m'), 1000 + at)
    expect(inbox.oldestAt).toBe(1000)
    inbox.take()
    expect(inbox.oldestAt).toBe(1100)
    inbox.take()
    expect(inbox.oldestAt).toBeUndefined()
  })
})

describe('what is to be done afterwards', () => {
  it('is done when all before it was taken and the next is asked for, and not earlier', () => {
    const inbox = new Inbox(ROOMY)
    let done = 0
    filledWith(inbox, 'a')
    inbox.afterwards(() => done++)
    filledWith(inbox, 'b')
    expect(texts(inbox.take())).toEqual(['a'])
    expect(done).toBe(0)
    expect(texts(inbox.take())).toEqual(['b'])
    expect(done).toBe(1)
    expect(inbox.take()).toEqual([])
    expect(done).toBe(1)
  })

  it('is done at once where nothing waits', () => {
    const inbox = new Inbox(ROOMY)
    let done = 0
    inbox.afterwards(() => done++)
    expect(inbox.take()).toEqual([])
    expect(done).toBe(1)
  })

  it('waits for every batch before it', () => {
    const inbox = new Inbox(ROOMY)
    let done = 0
    filledWith(inbox, ...Array.from({ length: 200 }, () => 'm'))
    inbox.afterwards(() => done++)
    inbox.take()
    inbox.take()
    expect(done).toBe(0)
    inbox.take()
    expect(done).toBe(1)
  })

  it('is kept once, however long nothing is taken: it must not fill the memory', () => {
    const inbox = new Inbox(ROOMY)
    const done: number[] = []
    filledWith(inbox, 'a')
    for (let n = 0; n < 1000; n++) inbox.afterwards(() => done.push(n))
    inbox.take()
    inbox.take()
    expect(done).toEqual([0])
    inbox.afterwards(() => done.push(-1))
    inbox.take()
    expect(done).toEqual([0, -1])
  })

  it('may ask for more of the same', () => {
    const inbox = new Inbox(ROOMY)
    const done: string[] = []
    inbox.afterwards(() => {
      done.push('first')
      inbox.afterwards(() => done.push('second'))
    })
    inbox.take()
    inbox.take()
    expect(done).toEqual(['first', 'second'])
  })

  it('needs no room', () => {
    const inbox = new Inbox({ messages: 1, bytes: 1 })
    let done = 0
    filledWith(inbox, 'a')
    inbox.afterwards(() => done++)
    expect(inbox.messages).toBe(1)
    inbox.take()
    inbox.take()
    expect(done).toBe(1)
  })
})

describe('waiting until something is there', () => {
  /** Whether a promise has settled once everything that is due has run. */
  async function isOver(promise: Promise<unknown>): Promise<boolean> {
    let over = false
    void promise.then(() => (over = true))
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    return over
  }

  it('ends with a message, and with something to do', async () => {
    for (const fill of [
      (inbox: Inbox) => filledWith(inbox, 'a'),
      (inbox: Inbox) => {
        inbox.afterwards(() => 0)
      },
    ]) {
      const inbox = new Inbox(ROOMY)
      const waiting = inbox.filled(never)
      expect(await isOver(waiting)).toBe(false)
      fill(inbox)
      await waiting
      await inbox.filled(never)
    }
  })

  it('ends when it is aborted, before or in between, and can be begun again', async () => {
    const inbox = new Inbox(ROOMY)
    await inbox.filled(AbortSignal.abort())
    const aborting = new AbortController()
    const waiting = inbox.filled(aborting.signal)
    aborting.abort()
    await waiting
    const again = inbox.filled(never)
    expect(await isOver(again)).toBe(false)
    filledWith(inbox, 'a')
    await again
  })

  it('does not end with what there was no room for', async () => {
    const inbox = new Inbox({ messages: 0, bytes: 0 })
    filledWith(inbox, 'a')
    inbox.take()
    expect(await isOver(inbox.filled(never))).toBe(false)
  })
})

describe('as a model', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), size: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('mark' as const) }) },
  )

  /** A plain list, and no thought of how long anything takes. */
  class Model {
    readonly items: (string | { mark: number })[] = []
    readonly done: number[] = []

    get messages(): string[] {
      return this.items.filter((item) => typeof item === 'string')
    }

    add(text: string, limits: { messages: number; bytes: number }): boolean {
      const bytes = this.messages.join('').length + text.length
      const fits = this.messages.length < limits.messages && bytes <= limits.bytes
      if (!fits && this.messages.length > 0) return false
      this.items.push(text)
      return true
    }

    mark(n: number): void {
      if (this.messages.length === this.items.length) this.items.push({ mark: n })
    }

    take(): string[] {
      const batch: string[] = []
      for (let item; (item = this.items[0]) !== undefined && batch.length < 100;) {
        if (typeof item === 'string') batch.push(item)
        else if (batch.length > 0) break
        else this.done.push(item.mark)
        this.items.shift()
      }
      return batch
    }
  }

  it('is a list with limits', () => {
    fc.assert(
      fc.property(
        fc.record({ messages: fc.integer({ min: 1, max: 150 }), bytes: fc.integer({ min: 1, max: 800 }) }),
        fc.array(action, { maxLength: 400, size: 'max' }),
        (limits, actions) => {
          const inbox = new Inbox(limits)
          const model = new Model()
          const done: number[] = []
          for (const [n, act] of actions.entries()) {
            if (act.kind === 'take') expect(texts(inbox.take())).toEqual(model.take())
            else if (act.kind === 'mark') {
              inbox.afterwards(() => done.push(n))
              model.mark(n)
            } else {
              const text = String.fromCharCode(97 + (n % 26)).repeat(act.size)
              expect(inbox.add(message(text), n)).toBe(model.add(text, limits))
            }
            expect(inbox.messages).toBe(model.messages.length)
            expect(done).toEqual(model.done)
          }
        },
      ),
    )
  })
})
