import { describe, expect, it } from 'vitest'
import { deployment } from '../../e2e/deployment.ts'
import { publish } from '../../e2e/http.ts'
import { unique } from '../../e2e/tokens.ts'
import { anEvent, applied, fanout, receiptOf } from './event.ts'

const target = deployment()

describe('fanout trace', () => {
  it('tells the way to each person and device, with times from when it was accepted', async () => {
    const { event, published } = await applied(target)
    const { code, stdout, stderr } = await fanout(target, ['trace', published.id])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [head, ...people] = stdout.split('\n\n')
    expect(head).toMatch(
      new RegExp(
        `^SESSION_COMPLETED {2}${published.id}\naccepted 20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} UTC; in every log, and pushed$`,
      ),
    )
    expect(people[0]).toMatch(
      new RegExp(
        `^${event.trainerId} {2}by trainerId, offset \\d+\n {2}applied: .+\n {2}1 connection found, 1 took it\n {4}device phone, connected: applied\n {6}\\+.+ {2}pushed: handed to its socket, connection \\S+\n {6}\\+.+ {2}applied$`,
      ),
    )
    expect(people[1]).toMatch(
      new RegExp(
        `^${event.studentId} {2}by studentId, offset \\d+\n {2}never_seen: .+\n {2}nobody was connected when it was pushed\n$`,
      ),
    )
  })

  it.each<[string, (event: object) => readonly [string, string?]]>([
    ['the event as JSON, from which the id follows', (event) => [JSON.stringify(event)]],
    ['the same on standard input, written otherwise', (event) => ['-', JSON.stringify(event, null, 2)]],
  ])('takes %s', async (_, argument) => {
    const event = anEvent()
    const { id } = await publish(target, event)
    const [given, stdin] = argument(event)
    const { code, stdout } = await fanout(target, ['trace', given], stdin)
    expect(code).toBe(0)
    expect(stdout).toContain(`SESSION_COMPLETED  ${id}\n`)
  })

  it('takes an id on standard input, and any characters in an id', async () => {
    const id = `${unique('a/b?c#d%20')}ü`
    await publish(target, { type: 'T', id, userId: unique('user') })
    for (const [given, stdin] of [[id], ['-', `${id}\n`]] as const) {
      const { code, stdout } = await fanout(target, ['trace', given], stdin)
      expect(code).toBe(0)
      expect(stdout).toContain(`T  ${id}\n`)
    }
  })

  it.each(['{', '[', '[draft] 1', '{"type"', '...', '{e}/..'])(
    'takes %s for an id, which is no JSON',
    async (beginning) => {
      const given = unique(beginning)
      await publish(target, { type: 'T', id: given, userId: unique('user') })
      const { code, stdout } = await fanout(target, ['trace', given])
      expect(code).toBe(0)
      expect(stdout).toContain(`T  ${given}\n`)
    },
  )

  it('with --json prints the server’s answer as it is', async () => {
    const { published } = await applied(target)
    const { code, stdout } = await fanout(target, ['trace', published.id, '--json'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${await receiptOf(target, published.id)}\n` })
  })

  it('with --payload shows the event as well', async () => {
    const event = anEvent()
    const { id } = await publish(target, event)
    const { stdout } = await fanout(target, ['trace', id, '--payload'])
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual({ ...event, id })
    const json = await fanout(target, ['trace', id, '--payload', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ eventId: id, event: { ...event, id } })
    expect((await fanout(target, ['trace', id])).stdout).not.toContain(event.sessionId)
  })

  it('says what to do where there is no receipt', async () => {
    const { code, stdout, stderr } = await fanout(target, ['trace', 'no-such-event'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^fanout: there is no receipt of the event "no-such-event" \(404\); .*fanout why.*\n$/,
    )
  })

  it.each([
    [
      'an event that can have no id',
      '{"type":"T","userId":"u"}',
      /the event has no id, and none can be derived: .*timestamp/,
    ],
    ['several events', '[{}]', /the event has no id, .*array/],
    ['a long text that begins like JSON', `{"type"${'x'.repeat(128)}`, /the event has no id, .*not JSON/],
    ['an id that is a step in a path', '..', /the event "\.\." cannot be asked for: .*step in the path/],
    ['the other such id', '.', /the event "\." cannot be asked for/],
    ['nothing', '', /the event has 0 characters; give an id of 1 to 128, or the event as JSON/],
    ['too long an id', 'x'.repeat(129), /the event has 129 characters/],
  ])('fails in one line for %s', async (_, argument, message) => {
    const { code, stdout, stderr } = await fanout(target, ['trace', argument])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: .+\n$/)
    expect(stderr).toMatch(message)
  })

  it('never passes on what a terminal obeys', async () => {
    const nasty = 'a\u001b[31m\u009b2J\u202e'
    const id = unique(nasty)
    await publish(target, { type: nasty, id, userId: unique(nasty), text: nasty })
    for (const args of [['--payload'], ['--payload', '--json']]) {
      const { code, stdout, stderr } = await fanout(target, ['trace', id, ...args])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain('u202e')
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    }
  })
})
