import type { Link } from '../examine.ts'
import { clock } from './clock.ts'
import { damagedToken } from './damaged-token.ts'
import { deadLetters } from './dead-letters.ts'
import { handshakes } from './handshake.ts'
import { origin } from './origin.ts'
import { publish } from './publish.ts'
import { duplicate, push } from './push.ts'
import { queue } from './queue.ts'
import { polling, resume } from './reading.ts'
import { receipt } from './receipt.ts'
import { redis, redisIn } from './redis.ts'
import { health, server } from './server.ts'
import { adminToken, publisherToken, readerTokens } from './tokens.ts'

/** In the order in which the first that does not hold is the reason for what comes after it. */
export const CHAIN: readonly Link[] = [
  server,
  health,
  clock,
  readerTokens,
  publisherToken,
  adminToken,
  damagedToken,
  ...handshakes,
  origin,
  publish,
  push,
  duplicate,
  polling,
  resume,
  receipt,
  queue,
  redis,
  redisIn,
  deadLetters,
]
