import { CliError } from '../errors.ts'

/**
 * An id as one segment of a path.
 *
 * @throws CliError for `.` and `..`: whatever parses an address takes them for steps in the path, `%2E%2E` as well (URL standard,
 * "double-dot URL path segment"), and would ask for something else
 */
export function segment(whose: 'event' | 'user', id: string): string {
  if (id !== '.' && id !== '..') return encodeURIComponent(id)
  throw new CliError(
    `the ${whose} "${id}" cannot be asked for: in an address "${id}" is a step in the path, and no id`,
  )
}
