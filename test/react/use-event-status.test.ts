// @vitest-environment happy-dom
import { act, createElement, StrictMode, useLayoutEffect } from 'react'
import { describe, expect, it } from 'vitest'
import type { Status } from '../../src/client/index.ts'
import { useEventStatus } from '../../src/react/index.ts'
import { FakeClient } from './fake-client.ts'
import { Page } from './page.ts'

interface Props {
  readonly client: FakeClient | null | undefined
  readonly onRender?: () => void
}

function Badge({ client, onRender }: Props) {
  const { state, reason } = useEventStatus(client)
  onRender?.()
  return createElement('b', null, reason === undefined ? state : `${state}: ${reason}`)
}

describe('useEventStatus', () => {
  it('shows every status that the client enters', async () => {
    const [client, page] = [new FakeClient(), new Page()]
    await page.show(createElement(Badge, { client }))
    const shown = [page.text]
    const statuses: Status[] = [
      { state: 'live' },
      { state: 'polling', reason: 'evicted' },
      { state: 'offline', reason: 'unauthorized' },
      { state: 'closed' },
    ]
    for (const status of statuses) {
      await act(async () => {
        client.enter(status)
      })
      shown.push(page.text)
    }
    expect(shown).toEqual(['connecting', 'live', 'polling: evicted', 'offline: unauthorized', 'closed'])
  })

  it('is `connecting` without a client', async () => {
    const page = new Page()
    for (const client of [undefined, null]) {
      await page.show(createElement(Badge, { client }))
      expect(page.text).toBe('connecting')
    }
  })

  it('turns from one client to another, and leaves no listener behind', async () => {
    const [a, b, page] = [new FakeClient(), new FakeClient(), new Page()]
    a.status = { state: 'live' }
    b.status = { state: 'offline', reason: 'unreachable' }
    await page.show(createElement(StrictMode, null, createElement(Badge, { client: a })))
    expect({ text: page.text, listeners: a.statusListeners }).toEqual({ text: 'live', listeners: 1 })
    await page.show(createElement(StrictMode, null, createElement(Badge, { client: b })))
    expect(page.text).toBe('offline: unreachable')
    expect([a.statusListeners, b.statusListeners]).toEqual([0, 1])
    await page.clear()
    expect(b.statusListeners).toBe(0)
  })

  it('renders only when the status changes', async () => {
    let renders = 0
    const [client, page] = [new FakeClient(), new Page()]
    const badge = createElement(Badge, { client, onRender: () => (renders += 1) })
    await page.show(badge)
    expect(renders).toBe(1)
    await act(async () => {
      client.enter(client.status)
    })
    expect(renders).toBe(1)
    await act(async () => {
      client.enter({ state: 'live' })
    })
    expect(renders).toBe(2)
  })

  it('sees a change between the first render and the subscription', async () => {
    const [client, page] = [new FakeClient(), new Page()]
    function Between() {
      useLayoutEffect(() => {
        client.enter({ state: 'live' })
      })
      return null
    }
    await page.show([
      createElement(Badge, { key: 'badge', client }),
      createElement(Between, { key: 'between' }),
    ])
    expect(page.text).toBe('live')
  })

  it('shows one status everywhere, though it changes while a transition is being rendered', async () => {
    const [client, page] = [new FakeClient(), new Page()]
    const committed: string[] = []
    function Row() {
      useLayoutEffect(() => {
        committed.push(page.text)
      })
      const changeOnce = () => {
        if (client.status.state === 'connecting') client.enter({ state: 'live' })
      }
      return [0, 1, 2].map((key) =>
        createElement(Badge, { key, client, ...(key === 1 && { onRender: changeOnce }) }),
      )
    }
    await page.showInTransition(createElement(Row))
    expect({ committed, text: page.text }).toEqual({ committed: ['livelivelive'], text: 'livelivelive' })
  })
})
