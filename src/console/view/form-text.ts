/** The trimmed text of a form's field. */
export function formText(form: EventTarget | null, name: string): string {
  const value = new FormData(form as HTMLFormElement).get(name)
  return typeof value === 'string' ? value.trim() : ''
}
