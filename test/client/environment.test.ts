import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { platformEnvironment } from '../../src/client/environment.ts'
import type { Fetch } from '../../src/client/options.ts'
import { MapStorage } from './fake-environment.ts'

const Socket = vi.fn()

const environment = (fetch?: Fetch) =>
  platformEnvironment({ WebSocket: Socket as never, ...(fetch && { fetch }) })

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a browser', () => {
  const page = new EventTarget()
  let visibilityState = 'visible'

  beforeEach(() => {
    visibilityState = 'visible'
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
    vi.stubGlobal('document', {
      get visibilityState() {
        return visibilityState
      },
    })
  })

  it('tells when the app is looked at, when the network changes, and when the page goes', () => {
    const told: string[] = []
    const unwatch = environment().watch(
      () => told.push('look'),
      () => told.push('leave'),
    )
    const tell = (type: string): void => void page.dispatchEvent(new Event(type))
    tell('online')
    tell('offline')
    tell('visibilitychange')
    visibilityState = 'hidden'
    tell('visibilitychange')
    tell('pagehide')
    expect(told).toEqual(['look', 'look', 'look', 'leave'])
    unwatch()
    tell('online')
    tell('pagehide')
    expect(told).toHaveLength(4)
  })

  it('has a storage for each tab, unless it is blocked', () => {
    const storage = new MapStorage()
    vi.stubGlobal('sessionStorage', storage)
    expect(environment().tabStorage).toBe(storage)
    Object.defineProperty(globalThis, 'sessionStorage', {
      configurable: true,
      get: () => {
        throw new Error('SecurityError')
      },
    })
    expect(environment().tabStorage).toBeUndefined()
  })
})

describe('a process', () => {
  it('has no tab, whatever it calls its storage', () => {
    vi.stubGlobal('sessionStorage', new MapStorage())
    expect(environment().tabStorage).toBeUndefined()
  })

  it('tells nothing, and that is no error', () => {
    vi.stubGlobal('addEventListener', undefined)
    vi.stubGlobal('removeEventListener', undefined)
    environment().watch(
      () => undefined,
      () => undefined,
    )()
  })
})

it('calls `fetch`, the platform’s or the app’s, as a browser wants it: as a function, or as one of the window', () => {
  const callers: unknown[] = []
  async function fetch(this: unknown): Promise<never> {
    callers.push(this)
    return new Promise(() => undefined)
  }
  const init = { headers: {}, signal: undefined as never }
  void environment(fetch).fetch('https://events.example.com', init)
  vi.stubGlobal('fetch', fetch)
  void environment().fetch('https://events.example.com', init)
  expect(callers.every((caller) => caller === undefined || caller === globalThis)).toBe(true)
  expect(callers).toHaveLength(2)
})

it('knows the keys of the other clients', () => {
  expect(environment().keys).toBe(environment().keys)
})
