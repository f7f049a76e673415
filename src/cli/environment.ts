/** A variable that is set to nothing counts as unset, as for the server: compose files and CI systems set them so. */
export function variable(name: string): string | undefined {
  const value = process.env[name]
  return value === '' ? undefined : value
}
