/** The events that are published, and how they are known again in whatever a system makes of them. */

/** Not parsed as JSON: that would cost the load generator more than all the rest, and each system frames events differently. */
const MARKER = Buffer.from('"sessionId":"session-')
const DIGITS = 9
const ZERO = 48
const FILLING = 'x'.repeat(100_000)

export function eventText(number: number, trainerId: string, studentId: string, bytes: number): string {
  return textOf(number, `"trainerId":"${trainerId}","studentId":"${studentId}"`, bytes)
}

export function eventTextFor(number: number, recipientIds: readonly string[], bytes: number): string {
  return textOf(number, `"recipientIds":${JSON.stringify(recipientIds)}`, bytes)
}

/** @param number below a thousand million */
function textOf(number: number, recipients: string, bytes: number): string {
  const start =
    `{"type":"SESSION_COMPLETED","sessionId":"session-${String(number).padStart(DIGITS, '0')}",` +
    `"timestamp":${1_790_000_000_000 + number},"userId":"backend","role":"trainer",${recipients},"note":"`
  return `${start}${FILLING.slice(0, Math.max(0, bytes - start.length - 2))}"}`
}

/** Of the first event in it; -1 if there is none. */
export function numberIn(payload: Buffer): number {
  const at = payload.indexOf(MARKER)
  return at < 0 ? -1 : numberAt(payload, at)
}

export function numbersIn(payload: Buffer): number[] {
  const numbers = []
  for (let at = payload.indexOf(MARKER); at >= 0; at = payload.indexOf(MARKER, at + 1)) {
    numbers.push(numberAt(payload, at))
  }
  return numbers
}

function numberAt(payload: Buffer, marker: number): number {
  let number = 0
  for (let i = marker + MARKER.length; i < marker + MARKER.length + DIGITS; i++) {
    number = number * 10 + (payload[i] ?? NaN) - ZERO
  }
  return number
}
