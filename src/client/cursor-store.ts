import type { Environment } from './environment.ts'
import type { ConnectOptions, Storage } from './options.ts'
import type { Timing } from './timing.ts'
import { within } from './within.ts'

export interface Kept {
  readonly offset: number | undefined
  readonly device: string
}

/** What a client remembers across restarts: how far it has come, and what it calls itself. */
export interface CursorStore {
  readonly load: (user: string) => Promise<Kept>
  readonly save: (offset: number) => void
  /** The tab goes: whoever comes after it, after a reload, may have its name. */
  readonly release: () => void
}

/** Behind a user id without either of them: the tab's name, and what a device remembers. */
const NAME = '#'
const OF = ':'

/**
 * One user's cursor has two keys: this tab's own, and one that every tab of the user writes, from which a new tab starts. A tab's
 * name lies in `sessionStorage`, but not while the tab lives: browsers copy it when a tab is duplicated, and two tabs would have one
 * name.
 *
 * A storage that fails costs the memory, not the events: the client says so, and goes on.
 */
export function createCursorStore(
  environment: Environment,
  timing: Timing,
  { storage = environment.tabStorage, device: given }: Pick<ConnectOptions, 'storage' | 'device'>,
  say: (line: string) => void,
): CursorStore {
  const { tabStorage } = environment
  const names = tabStorage ?? storage
  let key: string
  let device = given ?? ''
  let newest: number | undefined
  let isSaving = false

  const trying = async <T>(action: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await within(environment, timing.answer, 'storage', action())
    } catch (error) {
      say(`storage failed: ${String(error)}`)
      return undefined
    }
  }
  const get = async (from: Storage | undefined, suffix: string) => trying(() => from?.getItem(key + suffix))
  const set = async (to: Storage | undefined, suffix: string, value: string): Promise<unknown> =>
    trying(() => to?.setItem(key + suffix, value))

  /** One write at a time: they may overtake each other, and an older offset would be remembered. */
  const saveNewest = async (): Promise<void> => {
    isSaving = true
    for (let saved; saved !== newest;) {
      saved = newest
      await Promise.all([set(storage, OF + device, String(saved)), set(storage, '', String(saved))])
    }
    isSaving = false
  }

  return {
    load: async (user) => {
      key = `event-fanout:${encodeURIComponent(user)}`
      if (device === '') device = (await get(names, NAME)) ?? ''
      // A tab that lives has left no name for its duplicates.
      if (device === '') device = environment.random().toString(36).slice(2)
      void set(names, NAME, tabStorage ? '' : device)
      const offset = Number((await get(storage, OF + device)) ?? (await get(storage, '')) ?? NaN)
      if (!Number.isSafeInteger(offset)) return { device, offset: undefined }
      // From now on other tabs do not move it.
      void set(storage, OF + device, String(offset))
      return { device, offset }
    },
    save: (offset) => {
      newest = offset
      if (!isSaving) void saveNewest()
    },
    release: () => {
      if (tabStorage && device !== '') void set(tabStorage, NAME, device)
    },
  }
}
