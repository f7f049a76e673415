import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type * as CursorStore from '../../src/client/cursor-store.ts'
import type * as LogReader from '../../src/client/log-reader.ts'
import { faultsOf, play, schedules } from './schedule.ts'

type Reader = LogReader.LogReader
type Applier = Parameters<typeof LogReader.createLogReader>[0]
type Ask = Parameters<typeof LogReader.createLogReader>[1]

/** What is broken in the client: its ear, its mouth, or its memory. */
interface Mutant {
  readonly ask?: Ask
  readonly reader?: (reader: Reader, applier: Applier) => Partial<Reader>
  readonly save?: (offset: number) => number
}

const { broken } = vi.hoisted<{ broken: { mutant: Mutant } }>(() => ({ broken: { mutant: {} } }))

vi.mock('../../src/client/log-reader.ts', async (original) => {
  const { createLogReader } = await original<typeof LogReader>()
  return {
    createLogReader: (applier: Applier, ask: Ask): Reader => {
      const reader = createLogReader(applier, broken.mutant.ask ?? ask)
      return { ...reader, ...broken.mutant.reader?.(reader, applier) }
    },
  }
})

vi.mock('../../src/client/cursor-store.ts', async (original) => {
  const { createCursorStore } = await original<typeof CursorStore>()
  return {
    createCursorStore: (...given: Parameters<typeof createCursorStore>) => {
      const store = createCursorStore(...given)
      const save = (offset: number): void => {
        store.save(broken.mutant.save?.(offset) ?? offset)
      }
      return { ...store, save }
    },
  }
})

beforeEach(() => {
  broken.mutant = {}
})

const MUTANTS: Readonly<Record<string, Mutant>> = {
  'does not drop what it has': {
    reader: ({ read }, { add }) => ({
      read: (page, via, asked) => {
        if (via === 'push') add({ ...page.events[0]!, via })
        read(page, via, asked)
      },
    }),
  },
  'takes pushes as they come, over gaps': {
    reader: ({ cursor, read }) => ({
      read: (page, via, asked) => {
        read(page, via, via === 'push' ? cursor() : asked)
      },
    }),
  },
  'thinks that every page is the last': {
    reader: ({ read }) => ({
      read: (page, via, asked) => {
        read({ ...page, more: via === 'push' }, via, asked)
      },
    }),
  },
  'never asks for what is missing': { ask: () => undefined },
  'takes the answer to "from now" for one that follows its cursor': {
    reader: ({ cursor, read }) => ({
      read: (page, via, asked) => {
        read(page, via, asked ?? cursor())
      },
    }),
  },
  'is deaf to `truncated`': {
    reader: ({ read }) => ({
      read: (page, ...rest) => {
        read({ ...page, truncated: false }, ...rest)
      },
    }),
  },
  'remembers an event before it was handled': { save: (offset) => offset + 1 },
  'remembers late': { save: (offset) => offset - 1 },
}

describe('a client that', () => {
  it.each(Object.entries(MUTANTS))('%s is found out', { timeout: 120_000 }, async (_, mutant) => {
    broken.mutant = mutant
    const details = await fc.check(
      fc.asyncProperty(schedules, fc.boolean(), async (schedule, fromStart) => {
        expect(faultsOf(await play(schedule, fromStart ? 1_000_000 : undefined))).toEqual([])
      }),
      { numRuns: 1_000, endOnFailure: true },
    )
    expect(details.failed).toBe(true)
  })
})
