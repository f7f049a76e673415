import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { JournaledStore } from '../../src/embedded/journaled-store.ts'
import { deviceKey, devicesRange, nameOf } from '../../src/embedded/keys.ts'
import type { Change } from '../../src/embedded/store.ts'
import { removeFolder, temporaryFolder } from './folders.ts'
import { MemoryDatabase } from './memory-database.ts'

/** The journal's disk: whether it takes what it is to flush. */
const disk = vi.hoisted(() => ({ fails: false }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const fdatasync = (fd: number, done: (error: Error | null) => void): void => {
    if (disk.fails) done(new Error('EIO'))
    else fs.fdatasync(fd, done)
  }
  return { ...fs, fdatasync, default: { ...fs, fdatasync } }
})

const key = (name: string): Buffer => Buffer.from(name)
const put = (name: string, value: string): Change => ({ key: key(name), value: Buffer.from(value) })
const EVERYTHING = { start: key('a'), end: key('z') }

describe('a database behind a journal', () => {
  let folder: string
  let database: MemoryDatabase
  let store: JournaledStore
  beforeEach(() => {
    disk.fails = false
    folder = temporaryFolder()
    database = new MemoryDatabase()
    store = open()
  })
  afterEach(async () => {
    database.fails = undefined
    await store.close()
    removeFolder(folder)
  })

  const open = (options: object = {}) =>
    new JournaledStore(folder, database, {
      segmentBytes: 4 * 4096,
      settleAfterMs: 1e6,
      retryAfterMs: 1,
      changesAtOnce: 2,
      ...options,
    })
  const read = (name: string) => store.get(key(name))?.toString()
  const all = (range = {}) =>
    [...store.range({ ...EVERYTHING, ...range })].map(
      (one) => `${one.key.toString()}=${one.value.toString()}`,
    )
  /** As after a power cut: what is on disk, and nothing else. */
  const crash = async (): Promise<void> => {
    const there = temporaryFolder()
    cpSync(folder, there, { recursive: true })
    const copy = database.copy()
    database.fails = undefined
    await store.close()
    removeFolder(folder)
    folder = there
    database = copy
    store = open()
  }

  it('has a commit on disk before the database has it', async () => {
    await store.commit([put('b', '1')])
    expect(database.get(key('b'))).toBeUndefined()
    expect(read('b')).toBe('1')
    await crash()
    expect(read('b')).toBe('1')
    expect(database.get(key('b'))?.toString()).toBe('1')
  })

  it('shows nothing of a commit before it is on disk', async () => {
    const committing = store.commit([put('b', '1')])
    expect([read('b'), all()]).toEqual([undefined, []])
    await committing
    expect([read('b'), all()]).toEqual(['1', ['b=1']])
  })

  it('reads through what is removed and what is written anew, in both directions', async () => {
    database.commitNow([put('b', '1'), put('d', '1'), put('f', '1'), put('h', '1')])
    await store.commit([put('a', '2'), put('d', '2'), { key: key('f'), value: undefined }, put('g', '2')])
    await store.commit([put('y', '3'), put('g', '3'), put('z', 'outside')])
    const expected = ['a=2', 'b=1', 'd=2', 'g=3', 'h=1', 'y=3']
    expect(all()).toEqual(expected)
    expect(all({ reverse: true })).toEqual(expected.toReversed())
    expect(all({ start: key('b'), end: key('g') })).toEqual(['b=1', 'd=2'])
    expect(all({ mayLag: true })).toEqual(['b=1', 'd=1', 'f=1', 'h=1'])
  })

  it('leaves alone what was read, whatever is written later', async () => {
    await store.close()
    store = open({ settleAfterMs: 0 })
    const held: Buffer[] = []
    for (let round = 0; round < 6; round++) {
      await store.commit([put('a', `round ${round}`), put('b', `also ${round}`)])
      const [first] = store.range(EVERYTHING)
      held.push(store.get(key('b'))!, first!.value)
      await vi.waitFor(() => {
        expect(database.get(key('a'))?.toString()).toBe(`round ${round}`)
      })
    }
    expect(held.map(String)).toEqual(
      [0, 1, 2, 3, 4, 5].flatMap((round) => [`also ${round}`, `round ${round}`]),
    )
  })

  it('brings it into the database when nothing more comes', async () => {
    await store.close()
    store = open({ settleAfterMs: 1 })
    await store.commit([put('b', '1')])
    await vi.waitFor(() => {
      expect(database.get(key('b'))?.toString()).toBe('1')
    })
    expect(all()).toEqual(['b=1'])
  })

  it('brings it into the database when it is closed', async () => {
    await store.commit([put('b', '1')])
    await store.close()
    expect(database.get(key('b'))?.toString()).toBe('1')
    store = open()
    expect(all()).toEqual(['b=1'])
  })

  it('takes what is larger than the journal past it, in its place', async () => {
    await store.commit([put('b', '1'), put('c', '1')])
    await store.commit([put('b', 'x'.repeat(20_000))])
    await store.commit([put('d', '1')])
    await crash()
    expect(all()).toEqual([`b=${'x'.repeat(20_000)}`, 'c=1', 'd=1'])
  })

  it('writes no file of the journal anew before the database has what it holds', async () => {
    database.fails = new Error('full')
    const stored: string[] = []
    for (let i = 0; ; i++) {
      const name = `k${i}`
      const outcome = await store.commit([put(name, 'x'.repeat(50))]).then(
        () => 'stored',
        (error: unknown) => (error as Error).message,
      )
      if (outcome !== 'stored') {
        expect(outcome).toBe('full')
        break
      }
      stored.push(name)
    }
    expect(stored.length).toBeGreaterThan(3)
    await crash()
    for (const name of stored) expect(read(name), name).toBeDefined()
  })

  it('promises nothing more while the database cannot be written, and goes on when it can', async () => {
    database.fails = new Error('full')
    for (let i = 0; i < 12; i++) await store.commit([put(`b${i}`, 'x'.repeat(100))]).catch(() => undefined)
    await expect(store.commit([put('c', '1')])).rejects.toThrow('full')
    await expect(store.commit([put('c', '1')])).rejects.toThrow('full')
    database.fails = undefined
    await vi.waitFor(() => store.commit([put('c', '1')]))
    expect(read('c')).toBe('1')
    await crash()
    expect(all().filter((one) => one.startsWith('c'))).toEqual(['c=1'])
  })

  it('says each time that the database could not be written', async () => {
    await store.close()
    const failures: unknown[] = []
    store = open({ onFailure: (error: unknown) => failures.push(error) })
    const full = new Error('full')
    database.fails = full
    for (let i = 0; i < 12; i++) await store.commit([put(`b${i}`, 'x'.repeat(150))]).catch(() => undefined)
    await vi.waitFor(() => {
      expect(failures.length).toBeGreaterThan(1)
    })
    expect(new Set(failures)).toEqual(new Set([full]))
  })

  it('lists a user’s devices through what the database does not have yet', async () => {
    const device = (user: string, name: string, value: string): Change => ({
      key: deviceKey(user, name),
      value: Buffer.from(value),
    })
    database.commitNow([device('ann', 'phone', '1'), device('ann', 'tv', '1'), device('anna', 'phone', '1')])
    await store.commit([device('ann', 'web', '2'), device('bob', 'web', '2'), device('ann', 'tv', '2')])
    const values = (user: string) => [...store.range(devicesRange(user))].map(({ value }) => value.toString())
    expect([...store.range(devicesRange('ann'))].map((one) => one.key.subarray(6).toString())).toEqual([
      'phone',
      'tv',
      'web',
    ])
    expect(values('ann')).toEqual(['1', '2', '2'])
    expect(values('bob')).toEqual(['2'])
    expect(values('cat')).toEqual([])
  })

  describe('whose files do not belong together', () => {
    const MISMATCH = /does not belong to the database.*put events\.mdb, journal-0 and journal-1 back together/
    const fill = async () => {
      for (let i = 0; i < 6; i++) await store.commit([put(`k${i}`, 'x')])
    }

    it.each(['journal-0', 'journal-1'])('is refused without %s', async (file) => {
      await fill()
      await store.close()
      rmSync(join(folder, file))
      expect(open).toThrow(`of the journal in ${folder} there is only one file`)
      rmSync(folder, { recursive: true })
      folder = temporaryFolder()
      store = new JournaledStore(folder, new MemoryDatabase(), {})
    })

    it('is refused with a new database, with an older one, and without its journal', async () => {
      await fill()
      const older = database.copy()
      await store.close()
      store = open()
      await fill()
      await store.close()
      const own = database
      database = new MemoryDatabase()
      expect(open).toThrow(MISMATCH)
      database = older
      expect(open).toThrow(MISMATCH)
      database = own
      const journal = temporaryFolder()
      for (const file of ['journal-0', 'journal-1']) renameSync(join(folder, file), join(journal, file))
      expect(open).toThrow(MISMATCH)
      removeFolder(folder)
      folder = journal
      store = open()
      expect(all()).toHaveLength(6)
    })

    it('is refused when a record in the middle is damaged', async () => {
      database.fails = new Error('full')
      for (let i = 0; i < 5; i++) await store.commit([put(`k${i}`, 'x')])
      const there = temporaryFolder()
      cpSync(folder, there, { recursive: true })
      const file = join(there, 'journal-0')
      const bytes = readFileSync(file)
      bytes[4096 + 20] = 0xff
      writeFileSync(file, bytes)
      expect(() => new JournaledStore(there, database.copy(), {})).toThrow(MISMATCH)
      removeFolder(there)
    })
  })

  describe('whose record could not be flushed', () => {
    it('refuses the commit, and takes the next', async () => {
      await store.commit([put('b', '1')])
      disk.fails = true
      await expect(store.commit([put('b', '2'), put('c', '2')])).rejects.toThrow('EIO')
      expect(all()).toEqual(['b=1'])
      disk.fails = false
      await store.commit([put('b', '3')])
      expect(all()).toEqual(['b=3'])
      await crash()
      expect(all()).toEqual(['b=3'])
    })

    it('may have it after a crash, whole, if nothing was committed after it', async () => {
      await store.commit([put('b', '1')])
      disk.fails = true
      await expect(store.commit([put('b', '2'), put('c', '2')])).rejects.toThrow('EIO')
      disk.fails = false
      await crash()
      expect([['b=1'], ['b=2', 'c=2']]).toContainEqual(all())
    })

    it('commits nothing after it before the database says that it does not count', async () => {
      await store.commit([put('b', '1')])
      disk.fails = true
      await expect(store.commit([put('b', '2')])).rejects.toThrow('EIO')
      disk.fails = false
      database.fails = new Error('full')
      await expect(store.commit([put('c', '3')])).rejects.toThrow('full')
      await crash()
      expect(read('c')).toBeUndefined()
    })
  })

  it('is what a map would be, through commits, failures of either disk and power cuts', async () => {
    const name = fc.constantFrom('b', 'c', 'd', 'e')
    const change = fc.record({ name, value: fc.option(fc.nat({ max: 90 }), { nil: undefined }) })
    const commit = fc.record({
      kind: fc.constant('commit' as const),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    })
    const others = fc.constantFrom('crash', 'disk', 'database', 'close').map((kind) => ({ kind }))
    const steps = fc.array(fc.oneof({ weight: 6, arbitrary: commit }, others), { maxLength: 30 })
    let serial = 0
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        database.fails = undefined
        disk.fails = false
        await store.close()
        removeFolder(folder)
        folder = temporaryFolder()
        database = new MemoryDatabase()
        store = open()
        let sure = new Map<string, string>()
        /** What it would be, had the last commit that was refused come to pass after all. */
        let perhaps: Map<string, string> | undefined
        const check = (): void => {
          const shown = all()
          const expected = [sure, ...(perhaps === undefined ? [] : [perhaps])].map((map) =>
            [...map].map(([one, value]) => `${one}=${value}`).sort(),
          )
          expect(expected).toContainEqual(shown)
          if (JSON.stringify(shown) !== JSON.stringify(expected[0])) sure = perhaps ?? sure
          perhaps = undefined
        }
        for (const step of list) {
          if (step.kind === 'commit' && 'changes' in step) {
            const next = new Map(sure)
            // Of each key the last, as a batch has it.
            const byName = new Map<string, Change>()
            for (const one of step.changes) {
              const value = one.value === undefined ? undefined : `${serial++}${'x'.repeat(one.value)}`
              if (value === undefined) next.delete(one.name)
              else next.set(one.name, value)
              const changed = {
                key: key(one.name),
                value: value === undefined ? undefined : Buffer.from(value),
              }
              byName.set(nameOf(changed.key), changed)
            }
            const refused = await store.commit([...byName.values()]).then(
              () => undefined,
              (error: unknown) => error as Error,
            )
            if (refused === undefined) [sure, perhaps] = [next, undefined]
            else if (refused.message === 'EIO') perhaps = next
            const shown = all()
            expect(shown).toEqual([...sure].map(([one, value]) => `${one}=${value}`).sort())
          } else if (step.kind === 'disk') {
            disk.fails = !disk.fails
          } else if (step.kind === 'database') {
            database.fails = database.fails === undefined ? new Error('full') : undefined
          } else if (step.kind === 'crash') {
            disk.fails = false
            await crash()
            check()
          } else {
            await store.close()
            database.fails = undefined
            disk.fails = false
            store = open()
            check()
          }
        }
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
