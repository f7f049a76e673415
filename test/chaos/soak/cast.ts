import { issueToken } from '../../../src/auth/issue-token.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { HttpClient } from '../http-client.ts'
import { Random } from '../random.ts'
import { SECRET } from '../server-process.ts'
import { BadInput } from './bad-input.ts'
import type { Calm } from './calm.ts'
import { Checker } from './checker.ts'
import { Crowd, TOKEN_LIFETIME } from './crowd.ts'
import type { Disk } from './disk.ts'
import { Events } from './events.ts'
import { FaultMaker } from './fault-maker.ts'
import { Flood } from './flood.ts'
import type { Host } from './host.ts'
import type { Incidents } from './incidents.ts'
import { Ledger } from './ledger.ts'
import { Liveness } from './liveness.ts'
import type { Memory } from './memory.ts'
import { isLong, type SoakOptions } from './options.ts'
import { Producer } from './producer.ts'
import { Proxy } from './proxy.ts'
import { Publishers } from './publishers.ts'
import { Rounds } from './rounds.ts'

/** What there is before anybody takes part. */
export interface Stage {
  readonly options: SoakOptions
  readonly host: Host
  readonly redis: RedisServer
  readonly disk: Disk
  readonly memory: Memory
  readonly calm: Calm
  readonly incidents: Incidents
}

/** All who take part. */
export interface Cast {
  readonly ledger: Ledger
  readonly crowd: Crowd
  readonly publishers: Publishers
  readonly producer: Producer
  readonly checker: Checker
  readonly badInput: BadInput
  readonly faults: FaultMaker
  readonly rounds: Rounds
  /** Ends what is under way. */
  close(): void
}

/** How much of what is published comes through Redis. */
const THROUGH_REDIS = 0.2

/** Puts together all who take part; readers begin at once. */
export async function gather(stage: Stage): Promise<Cast> {
  const { options, host, redis, disk, memory, calm, incidents } = stage
  const { seed, rate, users, storm } = options
  const { report } = incidents
  const { httpUrl, wsUrl } = host
  const events = new Events(seed, users)
  const ledger = new Ledger(events, report)
  const random = new Random(seed + 3)
  const proxy = await Proxy.to(host.wsPort)
  const silentMs = isLong(options) ? 12_000 : 5000
  const crowd = await Crowd.gather({
    ...{ users, wsUrl, httpUrl, proxyUrl: proxy.url },
    ...{ ledger, random, report, silentMs },
  })
  const client = await publishingClient(httpUrl)
  const shared = { events, ledger, calm, report, seed }
  const publishers = new Publishers({ ...shared, client, rate: rate * (1 - THROUGH_REDIS) })
  const producer = new Producer({ ...shared, url: redis.url, rate: rate * THROUGH_REDIS })
  const checker = new Checker({ clients: crowd.clients, ledger, report })
  const badInput = await BadInput.for(httpUrl, wsUrl, TOKEN_LIFETIME, report)
  const flood = new Flood({ client, wsUrl, calm, report, lifetime: TOKEN_LIFETIME })
  const faults = new FaultMaker({
    ...{ host, disk, redis, proxy, producer, client, badInput, flood, random, calm, incidents },
    ...{ readers: crowd.readers, proxied: crowd.proxied },
    storm: { sockets: storm, tokens: crowd.tokens, ledger, report },
  })
  const rounds = new Rounds({
    ...{ host, crowd, checker, faults, calm, report, memory },
    liveness: new Liveness(ledger, calm, report),
    sampleEvery: isLong(options) ? 10_000 : 2000,
  })
  const close = (): void => {
    publishers.abandon()
    for (const part of [producer, badInput, crowd, proxy, client]) part.close()
  }
  return { ledger, crowd, publishers, producer, checker, badInput, faults, rounds, close }
}

async function publishingClient(httpUrl: string): Promise<HttpClient> {
  const who = { userId: 'backend', expiresIn: TOKEN_LIFETIME, scope: 'events:publish' }
  return new HttpClient(httpUrl, await issueToken(SECRET, who))
}
