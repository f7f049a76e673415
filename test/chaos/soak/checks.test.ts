/** Whether the campaign would notice: the parts that judge, with evidence that was tampered with. */
import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Events, type SoakEvent } from './events.ts'
import { FAULT_KINDS, planFaults } from './fault-plan.ts'
import { Ledger, type LogAnswer } from './ledger.ts'
import { Liveness } from './liveness.ts'
import { judge, LONG_RULE, type Sample } from './memory.ts'
import { NumberSet, Offsets } from './offsets.ts'
import { OptionError, readOptions } from './options.ts'
import { Proxy } from './proxy.ts'

const BASE = 1_790_000_000_000

function ledger() {
  const faults: string[] = []
  const events = new Events(7, 10)
  const kept = new Ledger(events, (fault) => faults.push(fault))
  return { events, faults, kept }
}

/** The first events over HTTP, or through Redis, that concern a user. */
function eventsFor(events: Events, userId: string, count: number, first: 0 | 1 = 0): SoakEvent[] {
  const found: SoakEvent[] = []
  for (let n = first; found.length < count; n += 2) {
    if (events.of(n).recipients.includes(userId)) found.push(events.of(n))
  }
  return found
}

function page(texts: readonly string[], { from = BASE, loggedAt = (i: number) => i } = {}): LogAnswer {
  const events = texts.map((text, i) => {
    return { offset: from + i, loggedAt: loggedAt(i), event: JSON.parse(text) as unknown }
  })
  return { events, head: from + texts.length - 1, more: false, truncated: false }
}

function acknowledgement({ id, recipients }: SoakEvent, offset: (userId: string) => number) {
  return { id, recipients: recipients.map((userId) => ({ userId, offset: offset(userId) })) }
}

describe('the ledger', () => {
  it('finds nothing where there is nothing', () => {
    const { events, faults, kept } = ledger()
    const [a, b] = eventsFor(events, 'user-1', 2) as [SoakEvent, SoakEvent]
    kept.acknowledged(
      a.n,
      acknowledgement(a, () => BASE),
    )
    kept.seen('a reader', 'user-1', BASE + 1, b.text)
    const claimed = kept.claimOf('user-1')
    kept.read('user-1', page([a.text, b.text]))
    kept.readToEnd('user-1', claimed)
    kept.acknowledged(
      b.n,
      acknowledgement(b, () => BASE + 1),
      true,
    )
    kept.readAgain('user-1', page([a.text, b.text]).events)
    expect(faults).toEqual([])
    expect(kept.counts).toEqual({ entries: 2, acknowledged: 2, duplicates: 1 })
  })

  it.each<[string, RegExp, (kept: Ledger, a: SoakEvent, b: SoakEvent, events: Events) => void]>([
    [
      'an acknowledged event that is lost',
      /the log ends at 0, and an acknowledgement told of/,
      (kept, a) => {
        kept.acknowledged(
          a.n,
          acknowledgement(a, () => BASE),
        )
        kept.readToEnd('user-1', kept.claimOf('user-1'))
      },
    ],
    [
      'an event at another offset than the acknowledged one',
      /offset \d+ is event \d+ for the checker, and was event \d+/,
      (kept, a, b) => {
        kept.acknowledged(
          a.n,
          acknowledgement(a, () => BASE),
        )
        kept.read('user-1', page([b.text, a.text]))
      },
    ],
    [
      'an acknowledgement of what was read before at another offset',
      /for an acknowledgement, and was event/,
      (kept, a, b) => {
        kept.read('user-1', page([b.text, a.text]))
        kept.acknowledged(
          a.n,
          acknowledgement(a, () => BASE),
        )
      },
    ],
    [
      'what a reader was shown and the log does not have',
      /the log ends at \d+, and a reader told of/,
      (kept, a, b) => {
        kept.seen('a reader', 'user-1', BASE + 1, b.text)
        kept.read('user-1', page([a.text]))
        kept.readToEnd('user-1', BASE + 1)
      },
    ],
    [
      'a hole',
      /\d+2 comes after \d+0/,
      (kept, a, b) => {
        kept.read('user-1', page([a.text]))
        kept.read('user-1', page([b.text], { from: BASE + 2 }))
      },
    ],
    [
      'an event twice',
      /is there twice, again at/,
      (kept, a) => {
        kept.read('user-1', page([a.text, a.text]))
      },
    ],
    [
      'a changed event',
      /is not what was published/,
      (kept, a) => {
        kept.read('user-1', page([a.text.replace('"CHAOS"', '"CHAOX"')]))
      },
    ],
    [
      "somebody else's event",
      /of somebody else/,
      (kept, _a, _b, events) => {
        const other = Array.from({ length: 50 }, (_, i) => events.of(2 * i))
        kept.read('user-1', page([other.find(({ recipients }) => !recipients.includes('user-1'))!.text]))
      },
    ],
    [
      'an acknowledgement for somebody else',
      /was acknowledged for user-99/,
      (kept, a) => {
        kept.acknowledged(a.n, { id: a.id, recipients: [{ userId: 'user-99', offset: BASE }] })
      },
    ],
    [
      'an id that is not the event’s',
      /got the id other/,
      (kept, a) => {
        kept.acknowledged(a.n, { ...acknowledgement(a, () => BASE), id: 'other' })
      },
    ],
    [
      'a log that got shorter',
      /the log ended at \d+ and now ends at/,
      (kept, a, b) => {
        kept.read('user-1', page([a.text, b.text]))
        kept.read('user-1', { events: [], head: BASE, more: false, truncated: false })
      },
    ],
    [
      'another past after a restart',
      /for what was read again, and was event/,
      (kept, a, b) => {
        kept.read('user-1', page([a.text, b.text]))
        kept.readAgain('user-1', page([b.text]).events)
      },
    ],
    [
      'times of logging that fall',
      /was logged at -1, before the one ahead of it/,
      (kept, a, b) => {
        kept.read('user-1', page([a.text, b.text], { loggedAt: (i) => -i }))
      },
    ],
    [
      'a log that is truncated',
      /the log is truncated/,
      (kept) => {
        kept.read('user-1', { events: [], head: BASE, more: false, truncated: true })
      },
    ],
  ])('finds %s', (_name, fault, tamper) => {
    const { events, faults, kept } = ledger()
    const [a, b] = eventsFor(events, 'user-1', 2) as [SoakEvent, SoakEvent]
    tamper(kept, a, b, events)
    expect(faults.join('\n')).toMatch(fault)
  })

  it('finds an event of the stream that does not come', () => {
    const { events, kept } = ledger()
    const [a, b] = eventsFor(events, 'user-1', 2, 1) as [SoakEvent, SoakEvent]
    for (const { n } of [a, b]) {
      kept.emitting(n, 100)
      kept.emitted(n)
    }
    for (const userId of a.recipients) kept.read(userId, page([a.text]))
    expect(kept.lateInStream(101)).toEqual([b.n])
    expect(kept.inStream).toBe(1)
  })

  it('finds an event that overtook another of the stream', () => {
    const { events, faults, kept } = ledger()
    const [a, b] = eventsFor(events, 'user-1', 2, 1) as [SoakEvent, SoakEvent]
    for (const [place, { n }] of [a, b].entries()) {
      kept.emitting(n, 0)
      kept.emitted(n, place + 1)
    }
    kept.read('user-1', page([b.text, a.text]))
    expect(faults.join()).toMatch(/overtook another of the stream/)
  })
})

describe('the watch over those who read', () => {
  it('finds one that is behind though nothing is done to the server, and nobody who is paused', () => {
    const { events, faults, kept } = ledger()
    const [a] = eventsFor(events, 'user-1', 1) as [SoakEvent]
    kept.read('user-1', page([a.text]))
    const calm = { ms: 0 }
    const liveness = new Liveness(kept, calm, (fault) => faults.push(fault))
    const readers = [
      { userId: 'user-1', cursor: 0, isPaused: true },
      { userId: 'user-1', cursor: BASE },
      { userId: 'user-1', cursor: 0 },
    ]
    liveness.look(readers)
    calm.ms = 29_000
    liveness.look(readers)
    expect(faults).toEqual([])
    calm.ms = 31_000
    liveness.look(readers)
    expect(faults).toEqual([`a reader of user-1 is at 0 and the log was at ${BASE} 30000 ms ago`])
  })
})

describe('whether memory is flat', () => {
  /** Eight minutes, with a crowd that comes and goes. */
  const life = (heapAt: (at: number) => Partial<Sample>): Sample[] =>
    Array.from({ length: 60 }, (_, i) => {
      const crowd = i % 5 === 0 ? 12 : 0
      return { at: i * 10, heap: 30 + crowd, own: 80 + crowd, descriptors: 60, ...heapAt(i * 10) }
    })

  it('says so of what comes and goes, and of a start that takes more and more', () => {
    const verdict = judge(
      life((at) => (at < LONG_RULE.warmUp ? { heap: at / 10 } : {})),
      LONG_RULE,
    )
    expect(verdict).toMatchObject({ faults: [], heap: [30, 30], own: [80, 80], descriptors: [60, 60] })
  })

  it.each<[string, (at: number) => Partial<Sample>, RegExp]>([
    ['a leak of 2 MiB a minute', (at) => ({ heap: 30 + at / 30 }), /heap grew from 33.* to 4/],
    ['one outside the heap', (at) => ({ own: 80 + at / 6 }), /own grew/],
    ['descriptors that are not closed', (at) => ({ descriptors: 60 + at / 3 }), /descriptors grew/],
  ])('finds %s', (_name, leak, fault) => {
    expect(judge(life(leak), LONG_RULE)?.faults.join()).toMatch(fault)
  })

  it('does not judge who lived too briefly', () => {
    expect(judge(life(() => ({})).slice(0, 25), LONG_RULE)).toBeUndefined()
  })
})

describe('what a ledger is made of', () => {
  it('knows offsets in any order, the lowest last', () => {
    const offsets = new Offsets()
    const order = [5000, 4999, 90_000, 3, 4000]
    for (const offset of order) offsets.set(BASE + offset, offset)
    expect(order.map((offset) => offsets.get(BASE + offset))).toEqual(order)
    expect([offsets.get(BASE), offsets.get(BASE + 5001), offsets.get(BASE + 10 ** 6)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('knows which numbers it has met', () => {
    const numbers = new NumberSet()
    for (const n of [0, 9, 100_000]) numbers.add(n)
    expect([0, 1, 8, 9, 99_999, 100_000, 10 ** 7].filter((n) => numbers.has(n))).toEqual([0, 9, 100_000])
  })

  it('has the same events for the same seed, and others for another', () => {
    const texts = (seed: number) => [0, 1, 2, 5000].map((n) => new Events(seed, 10).of(n).text)
    expect(texts(1)).toEqual(texts(1))
    expect(texts(1)).not.toEqual(texts(2))
  })
})

describe('the plan of faults', () => {
  it.each([60, 300, 3600])(
    'has each kind in %s seconds, in order, and repeats for the same seed',
    (seconds) => {
      const slots = planFaults(5, seconds)
      const kinds = new Set(slots.flatMap(({ faults }) => faults.map(({ kind }) => kind)))
      expect([...kinds].sort()).toEqual([...FAULT_KINDS].sort())
      expect(slots.map(({ at }) => at)).toEqual(slots.map(({ at }) => at).toSorted((a, b) => a - b))
      expect(slots.at(-1)!.at).toBeLessThan(seconds)
      expect(planFaults(5, seconds)).toEqual(slots)
    },
  )

  it('leaves a process alive for eight minutes, five times in an hour', () => {
    const kills = planFaults(5, 3600)
      .filter(({ faults }) =>
        faults.some((fault) => fault.kind === 'sigkill' || ('afterKill' in fault && fault.afterKill)),
      )
      .map(({ at }) => at)
    const lives = [...kills, 3600].map((at, i) => at - (kills[i - 1] ?? 0)).filter((life) => life > 8 * 60)
    expect(lives).toHaveLength(5)
  })
})

describe('the options', () => {
  it('have defaults', () => {
    const { minutes, seed, storm } = readOptions(['--storm', '5'], 17)
    expect({ minutes, seed, storm }).toEqual({ minutes: 60, seed: 17, storm: 5 })
  })

  it.each([
    [['--minutes', '0'], '--minutes is "0"; it must be a whole number from 1 to 1440'],
    [['--rate', 'fast'], '--rate is "fast"; it must be a whole number from 5 to 1000'],
    [['--hours', '1'], /Unknown option '--hours'.*there are --minutes, --seed, --rate, --users, --storm/s],
    [['60'], /Unexpected argument '60'/],
  ])('refuse %s', (args, message) => {
    expect(() => readOptions(args)).toThrow(OptionError)
    expect(() => readOptions(args)).toThrow(message)
  })
})

describe('the proxy', () => {
  it('vanishes without a word to either side, and works for those who come later', async () => {
    const heard: string[] = []
    const server = createServer((socket) => {
      socket.on('error', () => undefined).on('close', () => heard.push('closed'))
      socket.on('data', (data) => {
        heard.push(data.toString())
        socket.write(data)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = await Proxy.to((server.address() as { port: number }).port)
    onTestFinished(() => {
      proxy.close()
      server.close()
    })
    const open = async () => {
      const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1')
      await once(socket, 'connect')
      return socket
    }
    const first = await open()
    first.write('before')
    await once(first, 'data')
    expect([proxy.vanish(), proxy.vanished]).toEqual([1, 1])
    first.write('after')
    first.destroy()
    const second = await open()
    second.write('another')
    await once(second, 'data')
    expect(heard).toEqual(['before', 'another'])
    proxy.forget()
    await expect.poll(() => heard).toEqual(['before', 'another', 'closed'])
    expect(proxy.vanished).toBe(0)
    second.destroy()
  })
})
