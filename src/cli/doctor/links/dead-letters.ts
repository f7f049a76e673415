import { bridgeKeys } from '../../../bridge/keys.ts'
import type { Examination } from '../examination.ts'
import type { Link } from '../examine.ts'
import { Skipped } from '../link.ts'
import { within } from '../patience.ts'
import { partsOf } from './server.ts'

/** Is there anything that could not be published? */
export const deadLetters: Link = {
  name: 'dead_letters',
  needs: [],
  tried: () => 'what could not be published: in Redis, and in the dead-letter queue',
  async check(exam) {
    const counts = [...ofHealth(exam), ...(await ofRedis(exam))]
    if (counts.length === 0) throw new Skipped('neither Redis nor /health tells of any place for them')
    const came = counts.map(({ where, count }) => `${count} in ${where}`).join('; ')
    return counts.some(({ count }) => count > 0) ? { came, cause: 'dead_letters' } : { came }
  },
}

interface Count {
  readonly where: string
  readonly count: number
}

function ofHealth({ health }: Examination): readonly Count[] {
  const numbers = Object.values(partsOf(health)?.['deadLetters'] ?? {}).filter(
    (value) => typeof value === 'number',
  )
  if (numbers.length === 0) return []
  return [{ where: 'the dead-letter queue', count: numbers.reduce((sum, count) => sum + count, 0) }]
}

async function ofRedis(exam: Examination): Promise<readonly Count[]> {
  const { redis, options } = exam
  if (redis === undefined || options.redis === undefined) return []
  const { channel, group } = options.redis
  const { dead } = bridgeKeys(channel, group)
  // A user of Redis need not be allowed to look.
  const count = await within(exam.patience(), redis.xlen(dead)).catch(() => undefined)
  return count === undefined ? [] : [{ where: dead, count }]
}
