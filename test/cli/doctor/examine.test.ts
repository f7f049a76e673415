import { describe, expect, it } from 'vitest'
import { examine, type Link } from '../../../src/cli/doctor/examine.ts'
import { Examination } from '../../../src/cli/doctor/examination.ts'
import { Broken, type LinkName, type LinkReport, Skipped } from '../../../src/cli/doctor/link.ts'

const exam = (deadline = 60_000) =>
  new Examination({
    httpUrl: new URL('http://127.0.0.1:9'),
    wsUrl: new URL('ws://127.0.0.1:9'),
    timeout: 1000,
    deadline,
    name: 'fanout-doctor-test',
    credentials: { areReal: false, missing: '' },
  })

const link = (name: LinkName, needs: LinkName[], check: () => Promise<{ came: string }>): Link => ({
  name,
  needs,
  tried: () => `tried ${name}`,
  check,
})

const holds = async () => ({ came: 'well' })
const fails = async () => {
  throw new Broken('server_down', 'nothing')
}

const quiet = (): void => undefined

const shown = (reports: readonly LinkReport[]) =>
  reports.map(({ link: name, status, came }) => [name, status, came])

describe('an examination', () => {
  it('skips what needs a link that failed, or that was skipped, and goes on with the rest', async () => {
    const chain = [
      link('server', [], fails),
      link('health', ['server'], holds),
      link('clock', ['health'], holds),
      link('publish', ['clock'], holds),
      link('redis', [], holds),
    ]
    expect(shown(await examine(exam(), chain, quiet))).toEqual([
      ['server', 'failed', 'nothing'],
      ['health', 'skipped', 'needs server, which failed'],
      ['clock', 'skipped', 'needs health, which was skipped: server failed'],
      ['publish', 'skipped', 'needs clock, which was skipped: server failed'],
      ['redis', 'ok', 'well'],
    ])
  })

  it('tells of each link before it tries the next', async () => {
    const told: string[] = []
    const chain = (['server', 'health'] as const).map((name) =>
      link(name, [], async () => {
        told.push(`tries ${name}`)
        return holds()
      }),
    )
    await examine(exam(), chain, ({ link: name }) => told.push(`told ${name}`))
    expect(told).toEqual(['tries server', 'told server', 'tries health', 'told health'])
  })

  it('fails where no time is left, and names that once', async () => {
    const chain = (['server', 'health', 'redis'] as const).map((name) => link(name, [], holds))
    const reports = await examine(exam(0), chain, quiet)
    expect(reports.map(({ status, cause }) => [status, cause])).toEqual([
      ['failed', 'out_of_time'],
      ['skipped', undefined],
      ['skipped', undefined],
    ])
  })

  it('explains a failure, and hides nothing that is no failure of a link', async () => {
    const [report] = await examine(exam(), [link('server', [], fails)], quiet)
    expect(report).toMatchObject({
      tried: 'tried server',
      cause: 'server_down',
      meaning: expect.any(String) as string,
    })
    const skips = link('redis', [], async () => {
      throw new Skipped('not here')
    })
    expect(shown(await examine(exam(), [skips], quiet))).toEqual([['redis', 'skipped', 'not here']])
    const breaks = link('redis', [], async () => {
      throw new TypeError('a bug')
    })
    await expect(examine(exam(), [breaks], quiet)).rejects.toThrow('a bug')
  })
})
