import { FanoutError } from '../../src/core/errors.ts'
import { isId } from '../../src/core/ids.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { HttpEvent } from './http.ts'

/**
 * The id in the address, as API Gateway gives it: with escapes undone.
 *
 * @throws FanoutError `invalid_query` if it can be no id
 */
export function idInPath(event: HttpEvent): string {
  const id = event.pathParameters?.['id']
  if (isId(id)) return id
  throw new FanoutError(
    'invalid_query',
    `the id in the address must have 1 to ${LIMITS.idLength} characters`,
    {
      path: 'id',
    },
  )
}
