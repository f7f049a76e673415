/** That each alarm has its page, each page its alarm, and that both say the same. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ALARMS } from '../../lib/observability/alarm-definitions.ts'
import { ALARM_NAMES } from '../../lib/observability/alarm-names.ts'
import { root, textOf } from '../deploy/files.ts'
import { alerts } from '../deploy/prometheus.ts'

const INDEX = 'README.md'
const pages = readdirSync(join(root, 'docs/runbook')).filter((name) => name !== INDEX)
const section = (page: string, title: string): string =>
  page.split(/^## /m).find((part) => part.startsWith(title)) ?? ''

describe('the runbook', () => {
  it('has a page for each alarm of AWS and each alert of Prometheus, and no other', () => {
    const ofPrometheus = alerts().map(({ runbook }) => runbook.replace('docs/runbook/', ''))
    const wanted = new Set([...ALARM_NAMES.map((name) => `${name}.md`), ...ofPrometheus])
    expect(pages.toSorted()).toEqual([...wanted].toSorted())
  })

  it('lists every page once', () => {
    const listed = [...textOf(`docs/runbook/${INDEX}`).matchAll(/^\| \[([a-z-]+)\]\((.*?)\)/gm)]
    expect(listed.map(([, , path = '']) => path).toSorted()).toEqual(pages.toSorted())
    for (const [, name = '', path = ''] of listed) expect(path).toBe(`${name}.md`)
  })

  it.each(pages)('%s says what it means, how to look, why, what to do, and why this threshold', (name) => {
    const titles = [...textOf(`docs/runbook/${name}`).matchAll(/^## (.*)$/gm)].map(([, title]) => title)
    expect(titles).toEqual([
      'What it means',
      'How to look',
      'Usual causes',
      'What to do',
      'Why this threshold',
    ])
  })

  it.each(ALARM_NAMES)('%s names its alarm, and gives the threshold that it has', (name) => {
    const page = textOf(`docs/runbook/${name}.md`)
    expect(page).toContain(`the alarm \`${name}\``)
    expect(section(page, 'Why this threshold')).toMatch(new RegExp(`\\b${ALARMS[name].threshold}\\b`))
  })

  it.each(pages)('%s leads only to pages and commands that there are', (name) => {
    const page = textOf(`docs/runbook/${name}`)
    for (const [, path = ''] of page.matchAll(/\]\(((?!https?:)[^)#]+)/g)) {
      expect(() => textOf(join('docs/runbook', path))).not.toThrow()
    }
    const commands = [...page.matchAll(/`fanout ([a-z]+)/g)].map(([, command]) => command)
    for (const command of commands) expect(['why', 'trace', 'doctor', 'bridge', 'emit']).toContain(command)
  })
})
