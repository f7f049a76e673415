import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FRAME_ERRORS, PROBLEMS, REASONS } from '../../src/core/codes.ts'
import { Client } from './client.ts'
import { deployment } from './deployment.ts'
import { type Page, post, publish, recent } from './http.ts'
import { root } from './server-process.ts'
import { unique } from './tokens.ts'

const target = deployment()
const protocol = readFileSync(join(root, 'docs/protocol.md'), 'utf8')
const publishing = readFileSync(join(root, 'docs/publishing.md'), 'utf8')

type Json = Readonly<Record<string, unknown>>

const examplesIn = (page: string): Json[] =>
  [...page.matchAll(/```json\n([^]*?)```/g)].map(([, text = '']) => JSON.parse(text) as Json)

/** The example that has this field. */
function example(page: string, field: string, value: unknown = expect.anything()): Json {
  const found = examplesIn(page).find((one) => field in one && isLike(one[field], value))
  return found ?? expect.unreachable(`no example with ${field}`)
}

function isLike(actual: unknown, value: unknown): boolean {
  return typeof value === 'string' ? actual === value : true
}

/** The keys of an object and, below, of the objects in it: what an example promises. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, key === 'event' ? 'event' : shape(part)]),
  )
}

describe('what docs/publishing.md shows', () => {
  it('is an event that is taken, and the answer to it', async () => {
    const people = { userId: unique('user'), trainerId: unique('trainer'), studentId: unique('student') }
    const event = { ...example(publishing, 'type', 'SESSION_COMPLETED'), ...people }
    expect(shape(await publish(target, event))).toEqual(shape(example(publishing, 'recipients')))
  })

  it('is the problem that an object for trainerId is', async () => {
    const event = { ...example(publishing, 'type', 'SESSION_COMPLETED'), trainerId: {} }
    expect((await post(target, event)).json).toEqual(example(publishing, 'code', 'invalid_event'))
  })

  it('are the problems with their status, all of them', () => {
    const rows = [...publishing.matchAll(/^\| (\d{3}) \| (.*?) \|/gm)].flatMap(([, status, codes = '']) =>
      [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => [code, Number(status)]),
    )
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status])),
    )
  })
})

describe('what docs/publishing.md says of /health', () => {
  it('is what it answers', async () => {
    const response = await fetch(new URL('/health', target.httpUrl))
    expect(response.status).toBe(200)
    // What is in a queue at the moment is another matter.
    const text = (await response.text()).replaceAll(/"(waiting|inFlight|messages)":\d+/g, '"$1":0')
    expect(publishing).toContain(`200 \`${text}\``)
  })
})

describe('what docs/protocol.md shows', () => {
  it('are messages that are taken, and the frames that come', async () => {
    const userId = unique('user')
    const socket = await Client.connect(target, userId)
    await publish(target, { type: 'SESSION_COMPLETED', id: unique('event'), userId })
    expect(shape(await socket.next())).toEqual(shape(example(protocol, 'type', 'event')))
    const { device } = example(protocol, 'action', 'resume')
    const page = await socket.ask<Page>({ action: 'resume', after: 0, device })
    expect(shape(page)).toEqual(shape(example(protocol, 'type', 'events')))
    expect(await socket.ask(example(protocol, 'action', 'resume'))).toMatchObject({ type: 'events' })
    for (const action of ['ack', 'report']) socket.send(example(protocol, 'action', action))
    expect(await socket.arrived()).toEqual([])
    const polled = examplesIn(protocol).find((one) => 'events' in one && !('type' in one))
    expect(shape(await recent(target, userId))).toEqual(shape(polled))
  })

  it('are all error codes of a frame', () => {
    const table = protocol.slice(protocol.indexOf('### `error`'), protocol.indexOf('## Close codes'))
    const codes = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)
    expect(codes).toEqual(Object.keys(FRAME_ERRORS))
  })

  it('are all reasons that `why` gives', () => {
    const list = Object.keys(REASONS).map((reason) => `\`${reason}\``)
    expect(protocol).toContain(`one of ${list.join(', ')}.`)
  })
})
