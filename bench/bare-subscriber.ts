/** The least that taking events from Redis costs: subscribes, parses, counts. Says when it listens, and when it has had so many. */
import { Redis } from 'ioredis'

const { REDIS_URL = '', COUNT = '0' } = process.env
const redis = new Redis(REDIS_URL, { protocol: 2 })
let left = Number(COUNT)
redis.on('message', (_channel, message: string) => {
  JSON.parse(message)
  if (--left === 0) process.send?.('done')
})
await redis.subscribe('business-events')
process.send?.('listening')
process.once('disconnect', () => {
  redis.disconnect()
})
