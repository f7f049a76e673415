import { describe, expect, it } from 'vitest'
import { problem, raw, type Reply, ScriptedServer } from '../../publisher/scripted-server.ts'
import { run } from '../cli-process.ts'

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
