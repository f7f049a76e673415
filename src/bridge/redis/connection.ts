import type { Cluster, Redis } from 'ioredis'

/** To one Redis, also one that Sentinel has named, or to a cluster. */
export type Connection = Redis | Cluster
