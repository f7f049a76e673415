// @vitest-environment happy-dom
import { Activity, Component, createElement, type ReactNode, StrictMode } from 'react'
import { describe, expect, it, vi } from 'vitest'
import type { MaybeClient } from '../../src/react/index.ts'
import { useEventClient, useEvents } from '../../src/react/index.ts'
import { type AppEvents, FakeClient } from './fake-client.ts'
import { complaints, Page } from './page.ts'

/** Creates clients named after their user, and keeps all of them. */
function factory() {
  const created: FakeClient[] = []
  const create = (user: string) => {
    const client = new FakeClient(user)
    created.push(client)
    return client
  }
  return { created, create, open: () => created.filter(({ closed }) => !closed) }
}

interface Props {
  readonly user: string | undefined
  readonly create: (user: string) => FakeClient
  readonly seen?: (client: MaybeClient<AppEvents>, user: string | undefined) => void
}

function App({ user, create, seen = () => undefined }: Props) {
  const client = useEventClient(() => (user === undefined ? undefined : create(user)), [user])
  seen(client, user)
  return createElement('p', null, client instanceof FakeClient ? `events of ${client.name}` : 'no events')
}

describe('useEventClient', () => {
  it('creates a client when it is mounted, and closes it when it is unmounted', async () => {
    const { created, create } = factory()
    const page = new Page()
    await page.show(createElement(App, { user: 'ann', create }))
    expect(page.text).toBe('events of ann')
    expect(created).toMatchObject([{ name: 'ann', closed: false }])
    await page.clear()
    expect(created).toMatchObject([{ name: 'ann', closed: true }])
  })

  it('does not create another one because it is rendered again', async () => {
    const { created, create } = factory()
    const page = new Page()
    for (let i = 0; i < 3; i++) await page.show(createElement(App, { user: 'ann', create }))
    expect(created).toHaveLength(1)
  })

  it('leaves exactly one open under StrictMode, the one that it gives', async () => {
    const { created, create, open } = factory()
    const page = new Page()
    let last: MaybeClient<AppEvents>
    const seen = (client: MaybeClient<AppEvents>) => {
      last = client
    }
    await page.show(createElement(StrictMode, null, createElement(App, { user: 'ann', create, seen })))
    expect(created).toHaveLength(2)
    expect(open()).toEqual([last])
    await page.clear()
    expect(open()).toEqual([])
  })

  it('has none while nobody is signed in, and one of its own for each user', async () => {
    const { created, create } = factory()
    const page = new Page()
    const texts = []
    for (const user of [undefined, 'ann', 'bob', undefined]) {
      await page.show(createElement(App, { user, create }))
      texts.push(page.text)
    }
    expect(texts).toEqual(['no events', 'events of ann', 'events of bob', 'no events'])
    expect(created).toMatchObject([
      { name: 'ann', closed: true },
      { name: 'bob', closed: true },
    ])
  })

  it("never renders one user with another's client", async () => {
    const { create } = factory()
    const page = new Page()
    const pairs = new Set<string>()
    const seen: Props['seen'] = (client, user = 'nobody') => {
      pairs.add(`${user}: ${client instanceof FakeClient ? client.name : 'none'}`)
    }
    for (const user of ['ann', 'bob', undefined]) await page.show(createElement(App, { user, create, seen }))
    expect([...pairs]).toEqual(['ann: none', 'ann: ann', 'bob: none', 'bob: bob', 'nobody: none'])
  })

  it('closes its client while a hidden Activity is around it, and creates another when it is shown', async () => {
    const { created, create, open } = factory()
    const page = new Page()
    const given = new Set<string>()
    const seen: Props['seen'] = (client) => {
      given.add(client?.status.state ?? 'none')
    }
    for (const [mode, clients] of [
      ['visible', 1],
      ['hidden', 0],
      ['visible', 1],
    ] as const) {
      await page.show(
        createElement(Activity, { mode, children: createElement(App, { user: 'ann', create, seen }) }),
      )
      expect(open(), mode).toHaveLength(clients)
    }
    expect(created).toHaveLength(2)
    expect(page.text).toBe('events of ann')
    expect(given, 'never a closed one').toEqual(new Set(['none', 'connecting']))
  })

  it('gives what `create` throws to the error boundary', async () => {
    complaints()
    const page = new Page()
    const create = () => {
      throw new TypeError('url must be a WebSocket address')
    }
    await page.show(createElement(Boundary, null, createElement(App, { user: 'ann', create })))
    expect(page.text).toBe('url must be a WebSocket address')
  })
})

class Boundary extends Component<{ readonly children?: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    return this.state.error?.message ?? this.props.children
  }
}

describe('components that are mounted together with useEventClient', () => {
  /** How many handlers there are when the client opens its socket: in the first microtask after it was created. */
  async function handlersAtFirst(content: (create: () => FakeClient) => ReactNode): Promise<number> {
    const counts: number[] = []
    const create = () => {
      const client = new FakeClient()
      queueMicrotask(() => {
        if (!client.closed) counts.push(client.subscribers)
      })
      return client
    }
    new Page().showWithoutAct(content(create))
    return vi.waitFor(() => counts[0] ?? expect.unreachable('not yet'), { timeout: 5000 })
  }

  function Screen({ client, depth = 3 }: { client: MaybeClient<AppEvents>; depth?: number }): ReactNode {
    useEvents(client, 'SESSION_COMPLETED', () => undefined)
    return depth > 1 ? createElement(Screen, { client, depth: depth - 1 }) : null
  }

  function Whole({ create }: { create: () => FakeClient }) {
    return createElement(Screen, { client: useEventClient(create, []) })
  }

  it.each([
    ['miss nothing: they are subscribed before the client does anything', undefined],
    ['under StrictMode as well', StrictMode],
  ])('%s', async (_, mode) => {
    const content = (create: () => FakeClient) => createElement(Whole, { create })
    const count = await handlersAtFirst((create) =>
      mode === undefined ? content(create) : createElement(mode, null, content(create)),
    )
    expect(count).toBe(3)
  })

  it('and when the user changes', async () => {
    const { created, create } = factory()
    const counts: number[] = []
    const counting = (user: string) => {
      const client = create(user)
      queueMicrotask(() => counts.push(client.subscribers))
      return client
    }
    function Signed({ user }: { user: string }) {
      return createElement(Screen, { client: useEventClient(() => counting(user), [user]) })
    }
    const page = new Page()
    page.showWithoutAct(createElement(Signed, { user: 'ann' }))
    await vi.waitFor(() => {
      expect(counts).toHaveLength(1)
    })
    page.showWithoutAct(createElement(Signed, { user: 'bob' }))
    await vi.waitFor(() => {
      expect(counts).toHaveLength(2)
    })
    expect(counts).toEqual([3, 3])
    expect(created).toMatchObject([{ closed: true }, { closed: false }])
  })
})
