/** @throws with the option's name, what was given, and what would do */
export function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${name} is "${text}"; it must be a whole number of at least ${least}`)
}

/** @throws as `whole` */
export function positive(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new Error(`${name} is "${text}"; it must be a number above 0`)
}
