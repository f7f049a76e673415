import { FanoutError } from './errors.ts'

/**
 * One parameter of a query string.
 *
 * @throws FanoutError `invalid_query` if it is given more than once: whoever checks one of them may not be who uses it
 */
export function parameterIn(query: string | URLSearchParams, name: string): string | undefined {
  const values = new URLSearchParams(query).getAll(name)
  if (values.length > 1) throw invalidParameter(name, `is given ${values.length} times; give it once`)
  return values[0]
}

export function invalidParameter(name: string, complaint: string): FanoutError {
  return new FanoutError('invalid_query', `the parameter ${name} ${complaint}`, { path: name })
}
