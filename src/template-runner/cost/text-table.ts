type Rows = readonly (readonly string[])[]

/** Columns in line: the first two to the left, numbers to the right. */
export function textTable(header: readonly string[], rows: Rows, leftColumns = 2): string[] {
  const all = [header, ...rows]
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i < leftColumns ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return all.map(line)
}

export function markdownTable(header: readonly string[], rows: Rows): string {
  const line = (row: readonly string[]) =>
    `| ${row.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  const rule = header.map((_, i) => (i === 0 ? '---' : '---:'))
  return [line(header), line(rule), ...rows.map(line)].join('\n')
}

/** Two digits after the point, more where two would show nothing. */
export function dollars(amount: number): string {
  const digits = amount === 0 || amount >= 0.01 ? 2 : 4
  return `$${grouped(amount, digits, digits)}`
}

/** At most so many digits that what counts is seen: 1,234 or 0.0375. */
export function quantity(amount: number): string {
  return grouped(amount, 0, amount >= 100 ? 0 : amount >= 1 ? 2 : 5)
}

function grouped(amount: number, least: number, most: number): string {
  return amount.toLocaleString('en-US', { minimumFractionDigits: least, maximumFractionDigits: most })
}
