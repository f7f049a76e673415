import { describe, expect, it } from 'vitest'
import { deployment } from '../../e2e/deployment.ts'
import { post, publish } from '../../e2e/http.ts'
import { unique } from '../../e2e/tokens.ts'
import { run } from '../cli-process.ts'
import { anEvent, applied, fanout } from './event.ts'

const target = deployment()

describe('fanout why', () => {
  const why = async (user: string, event: string, args: readonly string[] = [], stdin?: string) =>
    fanout(target, ['why', '--user', user, '--event', event, ...args], stdin)

  it('ends with 0 where the event was applied, and says so', async () => {
    const { event, published } = await applied(target)
    const { code, stdout, stderr } = await why(event.trainerId, published.id)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      new RegExp(
        `^applied: .+\n {2}event ${published.id}\n {2}user ${event.trainerId}\n\nWhat is known:\n {2}phone: applied at .+\n\nWhat to do:\n {2}.+\n$`,
      ),
    )
  })

  it.each<[string, (event: ReturnType<typeof anEvent>) => string]>([
    ['never_seen', ({ studentId }) => studentId],
    ['not_a_recipient', () => 'somebody-else'],
  ])('ends with 1 where the reason is %s', async (reason, userOf) => {
    const event = anEvent()
    await publish(target, event)
    const { code, stdout, stderr } = await why(userOf(event), JSON.stringify(event))
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^${reason}: `))
  })

  it('ends with 1 for an event that nobody knows', async () => {
    const { code, stdout } = await why('u', '-', [], 'no-such-event')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^never_published: /)
  })

  it('finds the refusal of an event by its JSON, though it is none', async () => {
    const event = { type: 'T', timestamp: Date.now(), role: 'trainer', sessionId: unique('session') }
    expect((await post(target, event)).status).toBe(422)
    const { code, stdout } = await why('u', '-', [], JSON.stringify(event))
    expect(code).toBe(1)
    expect(stdout).toMatch(/^refused: /)
    expect(stdout).toContain('no_recipients')
  })

  it('finds a CloudEvent by its JSON, which its own id alone does not name', async () => {
    const event = { specversion: '1.0', id: unique('ce'), source: '/sessions', type: 'T' }
    const cloud = { ...event, data: { trainerId: unique('trainer') } }
    await publish(target, cloud)
    const { code, stdout } = await why(cloud.data.trainerId, JSON.stringify(cloud))
    expect(code).toBe(1)
    expect(stdout).toMatch(/^never_seen: /)
    const byId = await why(cloud.data.trainerId, event.id)
    expect(byId.stdout).toMatch(/^never_published: /)
    expect(byId.stdout).toMatch(/202 .*queue.*CloudEvent.* by their JSON/)
  })

  it('says in its help how events are named, and what 202 means', async () => {
    const { stdout } = await run(['why', '--help'])
    const text = stdout.replace(/\s+/g, ' ')
    expect(text).toContain('a CloudEvent, and an event without an id, by its JSON')
    expect(text).toMatch(/accepted with 202 it says never_published until/)
  })

  it('asks about one device', async () => {
    const { event, published } = await applied(target)
    const laptop = await why(event.trainerId, published.id, ['--device', 'laptop'])
    expect(laptop.code).toBe(1)
    expect(laptop.stdout).toContain(`user ${event.trainerId}, device laptop\n`)
    expect((await why(event.trainerId, published.id, ['--device', 'phone'])).code).toBe(0)
  })

  it('with --json prints the server’s answer as it is, with the same exit status', async () => {
    const { event, published } = await applied(target)
    const { code, stdout } = await why(event.trainerId, published.id, ['--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      eventId: published.id,
      reason: 'applied',
      devices: [{ device: 'phone' }],
    })
    expect((await why(event.studentId, published.id, ['--json'])).code).toBe(1)
  })

  it.each<[string, string[], RegExp]>([
    ['without a user', ['--event', 'e'], /required option '--user <id>' not specified/],
    ['without an event', ['--user', 'u'], /required option '--event <event>' not specified/],
    ['with a bad event', ['--user', 'u', '--event', '{}'], /^fanout: the event has no id/],
    [
      'with an id that cannot be asked for',
      ['--user', 'u', '--event', '..'],
      /^fanout: the event "\.\." cannot/,
    ],
    [
      'with a bad token',
      ['--user', 'u', '--event', 'e', '--token', 'x'],
      /^fanout: the server refused the token \(401\)/,
    ],
    ['with a bad user', ['--user', '', '--event', 'e'], /^fanout: the server refused: 400 .*user/],
    ['with a strange option', ['--user', 'u', '--event', 'e', '--x'], /unknown option '--x'/],
  ])('ends with 2 %s, which is no answer', async (_, args, message) => {
    const { code, stdout, stderr } = await fanout(target, ['why', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('ends with 2 where nobody answers', async () => {
    const { code, stderr } = await run([
      'why',
      '--user',
      'u',
      '--event',
      'e',
      '--token',
      't',
      '--url',
      'http://127.0.0.1:9',
    ])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^fanout: no answer from http:\/\/127\.0\.0\.1:9 \(.+\); is the server running\?\n$/,
    )
  })
})
