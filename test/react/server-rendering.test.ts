// @vitest-environment happy-dom
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { useAnyEvent, useEventClient, useEvents, useEventStatus, useRefetch } from '../../src/react/index.ts'
import { FakeClient } from './fake-client.ts'
import { complaints, Page } from './page.ts'

function App({ create }: { create: () => FakeClient }) {
  const client = useEventClient(create, [])
  useEvents(client, 'SESSION_COMPLETED', () => undefined)
  useAnyEvent(client, () => undefined)
  useRefetch(client, () => undefined)
  const { state } = useEventStatus(client)
  return createElement('p', null, `${client === undefined ? 'no client' : 'a client'}, ${state}`)
}

describe('on the server', () => {
  it('no client is created, and the status is `connecting`', () => {
    const said = complaints()
    const html = renderToString(createElement(App, { create: () => expect.unreachable('created') }))
    expect(html).toBe('<p>no client, connecting</p>')
    expect(said).toEqual([])
  })

  it('a client that is there all the same is shown as `connecting`, as it will be when the page takes over', async () => {
    const said = complaints()
    const client = new FakeClient()
    client.status = { state: 'live' }
    const Badge = () => createElement('b', null, useEventStatus(client).state)
    const html = renderToString(createElement(Badge))
    expect(html).toBe('<b>connecting</b>')
    const page = new Page()
    await page.hydrate(html, createElement(Badge))
    expect({ text: page.text, said }).toEqual({ text: 'live', said: [] })
  })

  it('the page takes over what was rendered without a complaint, and connects then', async () => {
    const said = complaints()
    const client = new FakeClient()
    client.status = { state: 'live' }
    const content = createElement(App, { create: () => client })
    const page = new Page()
    await page.hydrate(renderToString(content), content)
    expect({ text: page.text, said }).toEqual({ text: 'a client, live', said: [] })
    expect(client.subscribers).toBe(3)
  })

  it('(a difference would be complained about)', async () => {
    const said = complaints()
    await new Page().hydrate('<p>something else</p>', createElement('p', null, 'this'))
    expect(String(said[0]?.[0])).toMatch(/hydrat/i)
  })
})
