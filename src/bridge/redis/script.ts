import { createHash } from 'node:crypto'
import type { Connection } from './connection.ts'

/** Part of a reply, with texts as bytes: a message may be anything. */
export type Reply = Buffer | number | null | readonly Reply[]

/** A Lua script, which Redis runs as one step. It is sent by its digest, and whole where Redis does not know it yet. */
export class Script {
  readonly #lua: string
  readonly #digest: string

  constructor(lua: string) {
    this.#lua = lua
    this.#digest = createHash('sha1').update(lua).digest('hex')
  }

  /** @param keys all in one slot, if it is a cluster */
  async run(
    redis: Connection,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<Reply> {
    const rest = [keys.length, ...keys, ...values]
    try {
      return (await redis.callBuffer('EVALSHA', this.#digest, ...rest)) as Reply
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw explained(error)
    }
    try {
      return (await redis.callBuffer('EVAL', this.#lua, ...rest)) as Reply
    } catch (error) {
      throw explained(error)
    }
  }
}

/** Of a command in a script that the user may not run, Redis does not say which it is. */
function explained(error: unknown): unknown {
  if (error instanceof Error && error.message.includes('executing the script'))
    error.message += '; ACL LOG has which'
  return error
}

/** @throws Error if Redis answers something else than a list */
export function listOf(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[]
  throw new Error(`Redis answered ${String(reply)} where a list belongs`)
}

export function textOf(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) || typeof reply === 'number' ? reply.toString() : ''
}

export function numberOf(reply: Reply | undefined): number {
  return Number(textOf(reply))
}

/** Of a list of names and values, as XINFO and entries have it; of a name that stands there twice the last value. */
export function fieldsOf(reply: Reply | undefined): ReadonlyMap<string, Reply> {
  const words = listOf(reply)
  const fields = new Map<string, Reply>()
  for (let at = 0; at + 1 < words.length; at += 2) fields.set(textOf(words[at]), words[at + 1] ?? null)
  return fields
}
