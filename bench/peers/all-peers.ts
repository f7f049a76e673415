import { bareWs } from './bare-ws.ts'
import { eventFanout } from './event-fanout.ts'
import { natsOneMessage, natsTwoMessages } from './nats.ts'
import { nchan } from './nchan.ts'
import type { Peer } from './peer.ts'
import { socketIoMemory, socketIoRedis } from './socket-io.ts'

/** By what is typed to choose them. */
export const PEERS: Readonly<Record<string, Peer>> = {
  'event-fanout': eventFanout,
  'bare-ws': bareWs,
  'socket-io': socketIoMemory,
  'socket-io-redis': socketIoRedis,
  nats: natsTwoMessages,
  'nats-pairs': natsOneMessage,
  nchan,
}
