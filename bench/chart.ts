/** Horizontal bars as an SVG that reads well on a light page and on a dark one. */

export interface Bar {
  readonly name: string
  /** NaN: there is none, and the label says why. */
  readonly value: number
  readonly label: string
  readonly isOurs?: boolean
}

export interface Measure {
  readonly title: string
  readonly bars: readonly Bar[]
}

export interface Chart {
  readonly title: string
  readonly note: string
  readonly measures: readonly Measure[]
}

const WIDTH = 840
const MARGIN = 24
const NAMES = 250
const LABELS = 90
const ROW = 24
const BAR = 14
const TITLE = 36
const NOTE_LINE = 18
const LONGEST = WIDTH - 2 * MARGIN - NAMES - LABELS
const BARS_AT = MARGIN + NAMES

/** Contrast with the background is at least 4.5 to 1 for text and 3 to 1 for bars, in both. */
const STYLE = `
    .page { fill: #ffffff } .text { fill: #1f2328 } .quiet { fill: #59636e } .bar { fill: #818b98 } .ours { fill: #0969da }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .text { fill: #f0f6fc } .quiet { fill: #9198a1 } .bar { fill: #6e7681 } .ours { fill: #4493f8 }
    }
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif } .title { font-weight: 600 }`

export function chartSvg({ title, note, measures }: Chart): string {
  const notes = note.split('\n')
  const heights = measures.map(({ bars }) => TITLE + bars.length * ROW)
  const top = MARGIN + NOTE_LINE
  const starts = heights.map((_, i) => top + sum(heights.slice(0, i)))
  const end = top + sum(heights) + MARGIN
  const height = end + notes.length * NOTE_LINE
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `  <title id="title">${escaped(title)}</title>`,
    `  <desc id="description">${escaped(describe(measures))}</desc>`,
    `  <style>${STYLE}\n  </style>`,
    `  <rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(MARGIN, MARGIN + 4, title, 'text title'),
    ...measures.map((measure, i) => group(measure, starts[i] ?? 0)),
    ...notes.map((line, i) => text(MARGIN, end + i * NOTE_LINE, line, 'quiet')),
    '</svg>\n',
  ].join('\n')
}

function group({ title, bars }: Measure, top: number): string {
  const most = Math.max(...bars.map(({ value }) => (Number.isNaN(value) ? 0 : value)))
  const rows = bars.map((bar, i) => row(bar, most, top + TITLE + i * ROW))
  return [text(MARGIN, top + TITLE - 12, title, 'text title'), ...rows].join('\n')
}

function row({ name, value, label, isOurs = false }: Bar, most: number, top: number): string {
  const middle = top + BAR - 3
  // A bar that is hardly there is still to be seen.
  const length = Number.isNaN(value) ? 0 : Math.max(1, Math.round((value / most) * LONGEST))
  const bar = `  <rect class="${isOurs ? 'ours' : 'bar'}" x="${BARS_AT}" y="${top}" width="${length}" height="${BAR}" rx="2"/>`
  return [
    text(MARGIN, middle, name, isOurs ? 'text title' : 'text'),
    ...(length > 0 ? [bar] : []),
    text(BARS_AT + length + 8, middle, label, 'quiet'),
  ].join('\n')
}

const text = (x: number, y: number, content: string, style: string): string =>
  `  <text class="${style}" x="${x}" y="${y}">${escaped(content)}</text>`

const describe = (measures: readonly Measure[]): string =>
  measures
    .map(({ title, bars }) => `${title}: ${bars.map(({ name, label }) => `${name} ${label}`).join(', ')}.`)
    .join(' ')

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (content: string): string =>
  content.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
