/**
 * The real code of the log through random schedules: several writers at once, redelivery, crashes before and after any call,
 * lost answers, stale reads, clocks that differ, deletion in any order, a retention that is changed by a deployment, and
 * time that jumps to wherever something is decided. `Truth` says what must hold.
 *
 * CI runs 4,000 schedules. 335,000 others of this code were run by hand and were fine: `MODEL_RUNS=5000`, and `MODEL_SEED` from
 * 3000000 to 3000066.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LifeOptions, LogLife, type Phase } from '../../../src/aws/log/log-life.ts'
import type { Head, Intent, LogStore, StoredEntry } from '../../../src/aws/log/log-store.ts'
import { plans } from './model/plan.ts'
import type { Build } from './model/worker.ts'
import { BrokenPromises, World } from './model/world.ts'

const RUNS = Number(process.env['MODEL_RUNS'] ?? 4000)
const SEED = Number(process.env['MODEL_SEED'] ?? 20_261_124)
const MINUTE = 60_000

/** A mutant is to be found in fewer schedules than CI runs. */
const MUTANT_RUNS = 3000

function schedules(build: Build, told: { excused: number } = { excused: 0 }) {
  return fc.asyncProperty(plans, async (plan) => {
    const world = new World(build)
    await world.follow(plan)
    told.excused += world.truth.excused
  })
}

/** A writer's store with some calls replaced. */
const writes =
  (change: (store: LogStore, life: LogLife) => Partial<LogStore>) =>
  (store: LogStore, life: LogLife): LogStore => ({ ...store, ...change(store, life) })

class OneBoundary extends LogLife {
  override phaseOf(entry: StoredEntry | undefined): Phase {
    const phase = super.phaseOf(entry)
    return phase === 'renews' ? 'restarts' : phase
  }
}

class ShortReceipts extends LogLife {
  override ttlOfReceipt(acceptedAt: number): number {
    return Math.ceil((acceptedAt + this.retentionMs / 2) / 1000)
  }
}

class OldHeadsCount extends LogLife {
  override phaseOfHead(): Phase {
    return 'continues'
  }
}

class OneBoundaryOfHeads extends LogLife {
  override phaseOfHead(head: Head): Phase {
    const phase = super.phaseOfHead(head)
    return phase === 'renews' ? 'restarts' : phase
  }
}

class TailAlone extends LogLife {
  override phaseOf(entry: StoredEntry | undefined): Phase {
    return entry === undefined ? 'restarts' : 'continues'
  }
}

class ExpiredIsLast extends LogLife {
  override isCertain(): boolean {
    return true
  }
}

class KeptWhileYoung extends LogLife {
  override isKept(entry: StoredEntry, now: number): boolean {
    return entry.loggedAt >= now - this.retentionMs
  }
}

class EachPageByItself extends LogLife {
  override isKept(entry: StoredEntry): boolean {
    return super.isKept(entry, this.now())
  }
}

class RetriesAsOfNow extends LogLife {
  override isTooLate({ acceptedAt }: Intent): boolean {
    return this.now() > acceptedAt + this.retentionMs / 2
  }
}

class LivesAreAlike extends LogLife {
  override readonly sharedLifeMs: number

  constructor(options: LifeOptions) {
    super(options)
    this.sharedLifeMs = this.lifeMs
  }
}

const MUTANTS: Readonly<Record<string, Build>> = {
  'one boundary instead of zones, for entries': { Life: OneBoundary },
  'one boundary instead of zones, for heads': { Life: OneBoundaryOfHeads },
  'receipts that expire before what a retry could repeat': { Life: ShortReceipts },
  'a head that is used however old it is': { Life: OldHeadsCount },
  'the last entry alone says where a log goes on': { Life: TailAlone },
  'an expired last entry taken for the last there ever was': { Life: ExpiredIsLast },
  'readers that ask only how old an entry is, though the retention was raised': { Life: KeptWhileYoung },
  'a retry that takes itself for the first try': {
    writersStore: writes((store) => ({
      begin: async (...given) => {
        await store.begin(...given)
        return true
      },
    })),
  },
  'a conflict after which the next offset is tried blindly': {
    writersStore: writes((store) => ({
      putEntry: async (userId, entry) => {
        for (let offset = entry.offset; ; offset++) {
          if (await store.putEntry(userId, { ...entry, offset })) return true
        }
      },
    })),
  },
  'a head that is replaced whatever it is by now': {
    writersStore: writes((store) => ({
      putHead: async (userId, head) => {
        while (!(await store.putHead(userId, head, await store.head(userId)))) continue
        return true
      },
    })),
  },
  'writers that do not see what readers do not': {
    writersStore: writes((store, life) => ({
      tail: async (userId, consistency) => {
        const tail = await store.tail(userId, consistency)
        return tail.entry !== undefined && !life.isKept(tail.entry, life.now()) ? {} : tail
      },
    })),
  },
  'a ttl that says only how long this entry lives': {
    writersStore: writes((store, life) => ({
      putEntry: async (userId, entry) =>
        store.putEntry(userId, { ...entry, ttl: life.ttlOfEntry(entry.loggedAt) }),
    })),
  },
  'a base that is used as if nobody ever had': {
    writersStore: writes((store) => {
      const unused = (head: Head | undefined) => head && { ...head, used: false }
      return {
        head: async (userId) => unused(await store.head(userId)),
        tail: async (userId, consistency) => {
          const { entry } = await store.tail(userId, consistency)
          return entry === undefined ? {} : { entry }
        },
        putHead: async (userId, head) => store.putHead(userId, head, await store.head(userId)),
      }
    }),
  },
  'a stale read that is trusted when the log is nearly gone': {
    writersStore: writes((store) => ({ tail: async (userId) => store.tail(userId, 'eventual') })),
  },
}

/** Found in one of some 10,000 schedules: `found-by-the-model.test.ts` has the story of each. */
const RARE: Readonly<Record<string, Build>> = {
  'readers that judge each page by the time when it came': { Life: EachPageByItself },
  'a retry judged by the retention of now': { Life: RetriesAsOfNow },
  'a head written over a base that others know, for as long as its own entries live': { Life: LivesAreAlike },
}
const RARE_RUNS = 40_000

async function expectFound(build: Build, numRuns: number): Promise<void> {
  const { errorInstance } = await fc.check(schedules(build), { numRuns, seed: SEED, endOnFailure: true })
  // Anything else would be a fault of the model.
  expect(errorInstance).toBeInstanceOf(BrokenPromises)
}

describe('the log on DynamoDB', () => {
  it('keeps its promises in any schedule', { timeout: 60 * MINUTE }, async () => {
    const told = { excused: 0 }
    await fc.assert(schedules({}, told), { numRuns: RUNS, seed: SEED, endOnFailure: true })
    // Readers that came back to a log that was gone altogether, and were told so though they had seen all of it.
    console.log(`${RUNS} schedules; ${told.excused} reads were told of a loss that could not be ruled out`)
  })

  it.each(Object.entries(MUTANTS))('would not with %s', { timeout: 5 * MINUTE }, async (_, build) => {
    await expectFound(build, MUTANT_RUNS)
  })

  // Not as skipped tests: in CI there are none.
  if (RUNS >= RARE_RUNS) {
    it.each(Object.entries(RARE))(
      'would not, once in a long while, with %s',
      { timeout: 10 * MINUTE },
      async (_, build) => {
        await expectFound(build, RARE_RUNS)
      },
    )
  }
})
