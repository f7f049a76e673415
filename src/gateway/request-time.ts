const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

let last = { second: NaN, text: '' }

/** `24/Nov/2026:10:00:00 +0000` */
export function requestTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000)
  // Thousands of requests share a second.
  if (second !== last.second) last = { second, text: formatted(epochMs) }
  return last.text
}

function formatted(epochMs: number): string {
  const iso = new Date(epochMs).toISOString()
  const month = months[Number(iso.slice(5, 7)) - 1] ?? ''
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}
