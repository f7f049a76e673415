import { cpSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { JournaledStore } from '../../src/embedded/journaled-store.ts'
import type { Change } from '../../src/embedded/store.ts'
import { removeFolder, temporaryFolder } from './folders.ts'
import { MemoryDatabase } from './memory-database.ts'

const key = (name: string): Buffer => Buffer.from(name)
const put = (name: string, value: string): Change => ({ key: key(name), value: Buffer.from(value) })
const EVERYTHING = { start: key('a'), end: key('z') }

describe('what a database is given by parts', () => {
  let folder: string
  let database: MemoryDatabase
  let store: JournaledStore
  beforeEach(() => {
    folder = temporaryFolder()
    database = new MemoryDatabase()
    store = open()
  })
  afterEach(async () => {
    await store.close()
    removeFolder(folder)
  })

  const open = (options: object = {}) =>
    new JournaledStore(folder, database, { settleAfterMs: 1e6, changesAtOnce: 2, ...options })

  const values = (round: number) => Array.from({ length: 9 }, (_, n) => put(`k${(n * 7) % 9}`, `${round}`))
  const expected = (round: number) => Array.from({ length: 9 }, (_, n) => `k${n}=${round}`)

  const inOrder = Array.from({ length: 9 }, (_, n) => `k${n}`)
  const recorded = (): string[][] => {
    const written: string[][] = []
    database.onCommit = (changes) => written.push(changes.map((one) => one.key.toString('latin1')))
    return written
  }

  it('is in the order of their keys, and with the last of them it is said that it is all', async () => {
    await store.close()
    store = open({ settleAfterMs: 1 })
    const written = recorded()
    await store.commit(values(1))
    await vi.waitFor(() => {
      expect(written.flat()).toEqual([...inOrder, '\x08'])
    })
    expect(written.map((part) => part.length)).toEqual([2, 2, 2, 2, 2])
  })

  it('is all that there is at once when it is waited for', async () => {
    const written = recorded()
    await store.commit(values(1))
    await store.close()
    expect(written).toEqual([[...inOrder, '\x08']])
  })

  it('is all that is left at once when a commit waits for it', async () => {
    await store.close()
    store = open({ segmentBytes: 2 * 4096 })
    const written = recorded()
    await store.commit(values(1))
    await store.commit([put('large', 'x'.repeat(3 * 4096))])
    expect(written).toEqual([inOrder.slice(0, 2), [...inOrder.slice(2), '\x08'], ['large']])
  })

  it('is not lost if all ends between two of them', async () => {
    await store.close()
    store = open({ settleAfterMs: 1 })
    await store.commit(values(1))
    const ends: { readonly there: string; readonly copy: MemoryDatabase }[] = []
    const keep = (): void => {
      const there = temporaryFolder()
      cpSync(folder, there, { recursive: true })
      ends.push({ there, copy: database.copy() })
    }
    await store.close()
    database.onCommit = keep
    store = open({ settleAfterMs: 1 })
    await store.commit(values(2))
    await vi.waitFor(() => {
      expect(ends).toHaveLength(5)
      expect(database.get(key('k8'))?.toString()).toBe('2')
    })
    for (const { there, copy } of ends) {
      const reopened = new JournaledStore(there, copy, {})
      const all = [...reopened.range(EVERYTHING)].map(
        (one) => `${one.key.toString()}=${one.value.toString()}`,
      )
      expect(all).toEqual(expected(2))
      await reopened.close()
      removeFolder(there)
    }
  })

  it('is not lost either if that happens while it is opened', async () => {
    await store.close()
    const large = { segmentBytes: 1024 * 1024 }
    store = open(large)
    const names = Array.from({ length: 2500 }, (_, n) => `k${10_000 + n}`)
    await store.commit(names.map((name) => put(name, '1')))
    const there = temporaryFolder()
    cpSync(folder, there, { recursive: true })
    const copy = database.copy()
    for (const transactions of [0, 1, 2]) {
      let left = transactions
      copy.onCommit = () => {
        if (left-- === 0) throw new Error('the power is gone')
      }
      expect(() => new JournaledStore(there, copy, large)).toThrow('the power is gone')
    }
    copy.onCommit = () => undefined
    const reopened = new JournaledStore(there, copy, large)
    expect([...reopened.range(EVERYTHING)].map((one) => one.key.toString())).toEqual(names)
    await reopened.close()
    removeFolder(there)
  })
})
