import type { Context } from './context.ts'
import { ANSWER } from './limits.ts'
import type { Storage } from './options.ts'
import { within } from './within.ts'

/** What a client remembers across restarts: how far it has come, and what it calls itself. */
export interface CursorStore {
  /** Names the device. @returns the offset that was kept */
  readonly load: (user: string) => Promise<number | undefined>
  readonly save: (offset: number) => void
  /** The tab goes, or the client alone: whoever comes after it may have its name, and in the same page its key. */
  readonly release: (isClosed?: boolean) => void
}

/**
 * One user's cursor lies at two places: in the tab's own storage, and in the app's, from which a new tab starts. An entry is the
 * offset and, in the own one, the device's name: `17 8iiowakvlm`. But not while a tab lives: browsers copy `sessionStorage` when a
 * tab is duplicated, and two tabs would have one name.
 *
 * A storage that fails costs the memory, not the events: the client says so, and goes on.
 */
export function createCursorStore(context: Context): CursorStore {
  const { tabStorage, storage = tabStorage } = context
  const own = tabStorage ?? storage
  let key: string
  let newest: number | undefined
  let isSaving = false

  /** Reads the entry, or writes it. */
  const access = async (place: Storage | undefined, entry?: string): Promise<unknown> => {
    try {
      return await within(
        context,
        ANSWER,
        'storage',
        entry === undefined ? place?.getItem(key) : place?.setItem(key, entry),
      )
    } catch (error) {
      context.say('storage failed:', error)
      return undefined
    }
  }

  /** One write at a time: they may overtake each other, and an older offset would be remembered. */
  const save = async (offset: number): Promise<void> => {
    newest = offset
    if (isSaving) return
    isSaving = true
    for (let saved; saved !== newest;) {
      saved = newest
      await access(own, `${saved} ${tabStorage ? '' : context.me.device}`)
      if (storage !== own) await access(storage, `${saved} `)
    }
    isSaving = false
  }

  return {
    load: async (user) => {
      key = `event-fanout:${encodeURIComponent(user)}:${context.device ?? ''}`
      // Another client of the user in this page has its own cursor.
      while (context.keys.has(key)) key += '+'
      context.keys.add(key)
      const entry = (await access(own)) ?? (await access(storage))
      const [, offset, name] = /^(\d+) (.+)?/.exec(entry as string) ?? []
      context.me.device = context.device ?? name ?? context.random().toString(36).slice(2)
      return offset === undefined ? undefined : Number(offset)
    },
    save: (offset) => void save(offset),
    release: (isClosed) => {
      if (isClosed) context.keys.delete(key)
      if (tabStorage && newest !== undefined) void access(tabStorage, `${newest} ${context.me.device}`)
    },
  }
}
