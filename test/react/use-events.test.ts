// @vitest-environment happy-dom
import { Activity, createElement, type ReactNode, StrictMode, Suspense, use, useLayoutEffect } from 'react'
import { describe, expect, it } from 'vitest'
import type { MaybeClient } from '../../src/react/index.ts'
import { useAnyEvent, useEvents, useRefetch } from '../../src/react/index.ts'
import { deferred } from '../support/deferred.ts'
import { type AppEvents, FakeClient } from './fake-client.ts'
import { Page } from './page.ts'

interface Props {
  readonly client: MaybeClient<AppEvents>
  readonly type?: keyof AppEvents
  readonly tell: (what: string) => unknown
}

function Sessions({ client, type = 'SESSION_COMPLETED', tell }: Props) {
  useEvents(client, type, ({ sessionId }, { via, offset }) => tell(`${sessionId} by ${via} at ${offset}`))
  return null
}

/** Collects what it is told. */
function notes() {
  const noted: string[] = []
  return { noted, tell: (what: string) => noted.push(what) }
}

describe('useEvents', () => {
  it('hands over the events of its type while the component is mounted', async () => {
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    await page.show(createElement(Sessions, { client, tell }))
    client.receive('SESSION_COMPLETED', 's-1')
    client.receive('SESSION_CANCELLED', 's-2')
    await page.clear()
    client.receive('SESSION_COMPLETED', 's-3')
    expect(noted).toEqual(['s-1 by push at 7'])
    expect(client.subscribers).toBe(0)
  })

  it('subscribes once under StrictMode', async () => {
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    await page.show(createElement(StrictMode, null, createElement(Sessions, { client, tell })))
    client.receive('SESSION_COMPLETED', 's-1')
    expect(noted).toEqual(['s-1 by push at 7'])
    expect(client).toMatchObject({ subscribers: 1, subscriptions: 2 })
  })

  it('calls the handler of the last render, and does not subscribe again for it', async () => {
    const [first, second] = [notes(), notes()]
    const [client, page] = [new FakeClient(), new Page()]
    await page.show(createElement(Sessions, { client, tell: first.tell }))
    await page.show(createElement(Sessions, { client, tell: second.tell }))
    client.receive('SESSION_COMPLETED', 's-1')
    expect({ first: first.noted, second: second.noted }).toEqual({ first: [], second: ['s-1 by push at 7'] })
    expect(client.subscriptions).toBe(1)
  })

  it('gives the client what the handler returned: the event is applied when that is settled', async () => {
    const done = deferred<string>()
    const [client, page] = [new FakeClient(), new Page()]
    await page.show(createElement(Sessions, { client, tell: () => done.promise }))
    expect(client.receive('SESSION_COMPLETED', 's-1')).toEqual([done.promise])
  })

  it('lets an error of the handler through to the client, which reports it', async () => {
    const [client, page] = [new FakeClient(), new Page()]
    const tell = () => {
      throw new Error('no such session')
    }
    await page.show(createElement(Sessions, { client, tell }))
    expect(() => client.receive('SESSION_COMPLETED', 's-1')).toThrow('no such session')
  })

  it('leaves one client for another', async () => {
    const { noted, tell } = notes()
    const [a, b, page] = [new FakeClient(), new FakeClient(), new Page()]
    await page.show(createElement(Sessions, { client: a, tell }))
    await page.show(createElement(Sessions, { client: b, tell }))
    a.receive('SESSION_COMPLETED', 'of a')
    b.receive('SESSION_COMPLETED', 'of b')
    expect(noted).toEqual(['of b by push at 7'])
    expect([a.subscribers, b.subscribers]).toEqual([0, 1])
  })

  it('leaves one type for another', async () => {
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    await page.show(createElement(Sessions, { client, tell }))
    await page.show(createElement(Sessions, { client, type: 'SESSION_CANCELLED', tell }))
    client.receive('SESSION_COMPLETED', 's-1')
    client.receive('SESSION_CANCELLED', 's-2')
    expect(noted).toEqual(['s-2 by push at 7'])
  })

  it('does nothing without a client, and begins when there is one', async () => {
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    await page.show(createElement(Sessions, { client: undefined, tell }))
    await page.show(createElement(Sessions, { client: null, tell }))
    await page.show(createElement(Sessions, { client, tell }))
    client.receive('SESSION_COMPLETED', 's-1')
    expect(noted).toEqual(['s-1 by push at 7'])
  })

  it("never gives one client's event to the handler that was rendered for the next", async () => {
    const [ofA, ofB] = [notes(), notes()]
    const [a, b, page] = [new FakeClient(), new FakeClient(), new Page()]
    // After the commit, and before the effect that unsubscribes: the worst moment for an event to come.
    function Between() {
      useLayoutEffect(() => {
        a.receive('SESSION_COMPLETED', 's-1')
      })
      return null
    }
    await page.show([createElement(Sessions, { key: 'sessions', client: a, tell: ofA.tell })])
    await page.show([
      createElement(Sessions, { key: 'sessions', client: b, tell: ofB.tell }),
      createElement(Between, { key: 'between' }),
    ])
    expect({ ofA: ofA.noted, ofB: ofB.noted }).toEqual({ ofA: ['s-1 by push at 7'], ofB: [] })
  })

  it('stays subscribed while a Suspense boundary around it shows its fallback again', async () => {
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    const never = new Promise<ReactNode>(() => undefined)
    const Waits = () => use(never)
    const shown = (...more: ReactNode[]) =>
      createElement(Suspense, { fallback: 'loading' }, createElement(Sessions, { client, tell }), ...more)
    await page.show(shown())
    await page.show(shown(createElement(Waits, { key: 'waits' })))
    expect(page.text).toBe('loading')
    client.receive('SESSION_COMPLETED', 's-1')
    expect(noted).toEqual(['s-1 by push at 7'])
  })

  it('is not subscribed while a hidden Activity is around it, and is again when it is shown', async () => {
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    const shown = (mode: 'visible' | 'hidden') =>
      createElement(Activity, { mode, children: createElement(Sessions, { client, tell }) })
    for (const mode of ['visible', 'hidden', 'visible'] as const) {
      await page.show(shown(mode))
      client.receive('SESSION_COMPLETED', mode)
    }
    expect(noted).toEqual(['visible by push at 7', 'visible by push at 7'])
  })
})

describe('useAnyEvent', () => {
  it('hands over the events of every type', async () => {
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    function All() {
      useAnyEvent(client, ({ type, sessionId }) => tell(`${type} ${sessionId}`))
      return null
    }
    await page.show(createElement(All))
    client.receive('SESSION_COMPLETED', 's-1')
    client.receive('SESSION_CANCELLED', 's-2')
    await page.clear()
    expect(noted).toEqual(['SESSION_COMPLETED s-1', 'SESSION_CANCELLED s-2'])
    expect(client).toMatchObject({ subscriptions: 1, subscribers: 0 })
  })
})

describe('useRefetch', () => {
  it('says when the state has to be fetched, and lets the client wait for it', async () => {
    const fetched = deferred<undefined>()
    const { noted, tell } = notes()
    const [client, page] = [new FakeClient(), new Page()]
    function Refetches() {
      useRefetch(client, (reason) => {
        tell(reason)
        return fetched.promise
      })
      return null
    }
    await page.show(createElement(Refetches))
    expect(client.refetch('truncated')).toEqual([fetched.promise])
    await page.clear()
    expect(noted).toEqual(['truncated'])
    expect(client.subscribers).toBe(0)
  })
})
