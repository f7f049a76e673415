export { PublishError, type PublishErrorCode } from '../publish-error.ts'
export type { RedisConnection } from './connection.ts'
export { emit, type Emitted, type EventToEmit } from './emit.ts'
export type { EmitOptions } from './options.ts'
