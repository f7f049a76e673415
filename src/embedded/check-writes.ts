import type { Clock } from '../core/ports.ts'
import type { GroupCommit } from './group-commit.ts'
import { healthKey } from './keys.ts'

/**
 * Writes a tiny record the way everything is written.
 *
 * @throws if the disk does not take it, or not in time: a broken one may also just never answer
 */
export async function checkWrites(writer: GroupCommit, clock: Clock, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`the data folder did not take a write within ${deadlineMs} ms`)
    timer = setTimeout(reject, deadlineMs, error)
  })
  const written = writer.run((batch) => {
    batch.put(healthKey, Buffer.from(String(clock.now())))
  })
  await Promise.race([written, late]).finally(() => {
    clearTimeout(timer)
  })
}
