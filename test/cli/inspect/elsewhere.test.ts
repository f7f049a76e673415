import { describe, expect, it } from 'vitest'
import { problem, raw, type Reply, ScriptedServer } from '../../publisher/scripted-server.ts'
import { run } from '../cli-process.ts'

const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

const WHY = {
  eventId: 'e',
  userId: 'u',
  reason: 'refused',
  meaning: 'm',
  evidence: [],
  remedy: 'r',
  devices: [],
}
const STATUS = { userId: 'u', head: 0, connections: [], devices: [] }

const device = (text: string) => ({
  device: text,
  seenAt: 0,
  reports: [{ offset: 1, error: text, at: 0 }],
})

const connection = (text: string) => ({
  id: text,
  device: text,
  registeredAt: 0,
  expiresAt: 0,
  socket: 'unknown',
})

const ask = async (reply: Reply) => {
  const { httpUrl } = await ScriptedServer.with(reply)
  return run(['trace', 'e', '--url', httpUrl, '--token', 't'])
}

describe('fanout trace, of something that is no event-fanout, or not well,', () => {
  it.each<[string, Reply, RegExp]>([
    ['a page', raw(200, '<html>'), /is not JSON; is it an event-fanout server\?/],
    [
      'a refusal by something else',
      raw(403, '<h1>no</h1>'),
      /answers 403 "<h1>no<\/h1>", which event-fanout does not/,
    ],
    ['a path that API Gateway does not know', raw(404, '{"message":"Not Found"}'), /answers 404 .*Not Found/],
    [
      'a server that cannot',
      problem(503, 'unavailable'),
      /could not find out \(503\): detail of unavailable/,
    ],
    ['a redirect to a page', raw(302, '', { location: '/elsewhere' }), /answers 418/],
  ])('says so: %s', async (_, reply, message) => {
    const { code, stdout, stderr } = await ask(reply)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^fanout: .+\n$/)
    expect(stderr).toMatch(message)
  })

  const NASTY = 'a\u001b[31m\u009b2J\u202e\n'

  it.each<[string, Reply]>([
    ['a problem', problem(404, 'not_found', { detail: NASTY })],
    ['a failure', problem(503, 'unavailable', { detail: NASTY })],
    ['a refusal', problem(400, 'invalid_query', { detail: NASTY })],
    ['something else’s page', raw(500, NASTY)],
  ])('never passes on what a terminal obeys: %s', async (_, reply) => {
    const { stdout, stderr } = await ask(reply)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^fanout: .*u202e.*\n$/)
    expect(stderr).not.toMatch(OBEYED)
  })

  it.each([
    ['why', ['why', '--user', 'u', '--event', 'e'], { ...WHY, evidence: [NASTY], eventId: NASTY }],
    ['why, of a reason', ['why', '--user', 'u', '--event', 'e'], { ...WHY, reason: NASTY, remedy: NASTY }],
    ['status', ['status', '--user', 'u'], { ...STATUS, devices: [device(NASTY)] }],
    ['status, of a connection', ['status', '--user', 'u'], { ...STATUS, connections: [connection(NASTY)] }],
    ['disconnect', ['disconnect', '--user', NASTY.trim()], { notBefore: 0, closed: 0 }],
  ])('never passes on what a terminal obeys, on standard output: %s', async (_, args, value) => {
    for (const more of [[], ['--json']]) {
      const { httpUrl } = await ScriptedServer.with(raw(200, JSON.stringify(value, null, 2)))
      const { stdout, stderr } = await run([...args, '--url', httpUrl, '--token', 't', ...more])
      expect(stderr).toBe('')
      expect(stdout).not.toMatch(OBEYED)
      if (more.length === 0) expect(stdout).toContain('\\u202e')
      else expect(JSON.parse(stdout)).toEqual(value)
    }
  })

  it('tells of a publish that was only begun, and what finishes it', async () => {
    const begun = {
      eventId: 'e',
      type: 'T',
      digest: 'd',
      state: 'begun',
      acceptedAt: 0,
      recipients: [
        { userId: 'a', field: 'trainerId', offset: 7 },
        { userId: 'b', field: 'studentId' },
      ],
    }
    const { code, stdout } = await ask(raw(200, JSON.stringify(begun)))
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'T  e',
        'begun 1970-01-01 00:00:00.000 UTC, and not finished: nothing was pushed',
        'Publish the same event again: that finishes it, and duplicates nothing.',
        '',
        'a  by trainerId, in the log, at offset 7',
        'b  by studentId, not in the log',
        '',
      ].join('\n'),
    )
  })
})
