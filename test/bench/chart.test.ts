import { expect, it } from 'vitest'
import { chartSvg } from '../../bench/chart.ts'

const SVG = chartSvg({
  title: 'Bars & <things>',
  note: 'first line\nsecond line',
  measures: [
    {
      title: 'Events a second',
      bars: [
        { name: 'ours', value: 1234, label: '1234', isOurs: true },
        { name: '"theirs"', value: 2468, label: '2468' },
        { name: 'absent', value: NaN, label: 'missing' },
      ],
    },
    { title: 'CPU', bars: [{ name: 'tiny', value: 0.0001, label: '0' }] },
  ],
})

/** Every tag is closed by its own, and no text holds what would begin another. */
function openTags(xml: string): string[] {
  const open: string[] = []
  for (const [, closing, name = '', empty] of xml.matchAll(
    /<(\/)?([\w-]+)(?:\s+[\w:-]+="[^"<>&]*")*\s*(\/)?>/g,
  )) {
    if (closing !== undefined) expect(open.pop()).toBe(name)
    else if (empty === undefined) open.push(name)
  }
  return open
}

it('is well-formed', () => {
  expect(openTags(SVG)).toEqual([])
  expect(SVG.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot|#39);)/)
})

it('shows each name and value', () => {
  for (const text of [
    'ours',
    '&quot;theirs&quot;',
    'absent',
    '1234',
    '2468',
    'missing',
    'tiny',
    'second line',
  ]) {
    expect(SVG).toContain(`>${text}</text>`)
  }
})

it('draws bars to scale, a visible one for little and none for what is not there', () => {
  const widths = [...SVG.matchAll(/<rect class="(?:bar|ours)"[^>]* width="(\d+)"/g)].map(([, width]) =>
    Number(width),
  )
  expect(widths).toHaveLength(3)
  const [ours = 0, theirs = 0, tiny = 0] = widths
  expect(theirs).toBe(2 * ours)
  expect(tiny).toBeGreaterThan(0)
})

it('keeps everything inside', () => {
  const [, height = 0] = /viewBox="0 0 840 (\d+)"/.exec(SVG) ?? []
  const bottoms = [...SVG.matchAll(/ y="(\d+)"/g)].map(([, y]) => Number(y))
  expect(Math.max(...bottoms)).toBeLessThan(Number(height))
})

it('tells those who cannot see it, and those with a dark page', () => {
  expect(SVG).toContain('role="img" aria-labelledby="title description"')
  expect(SVG).toContain('<title id="title">Bars &amp; &lt;things&gt;</title>')
  expect(SVG).toContain('Events a second: ours 1234, &quot;theirs&quot; 2468, absent missing.')
  expect(SVG).toContain('prefers-color-scheme: dark')
})
