import { hostname } from 'node:os'
import { isProducer } from './wire.ts'

/** Leaves room for what `newProducerId` adds. */
const NAME_LENGTH = 150

/** @throws TypeError if a producer cannot have this name */
export function checkedName(name: string): string {
  if (typeof name === 'string' && name.length <= NAME_LENGTH && isProducer(name)) return name
  throw new TypeError(
    `producer is ${JSON.stringify(name)}; it must be 1 to ${NAME_LENGTH} characters, each a letter from a to z, a digit or one of _ . : @ / -`,
  )
}

/** A host may have any name: what cannot stand in a producer's is replaced. */
export function hostName(name = hostname()): string {
  return name.replace(/[^\w.:@/-]+/g, '-').slice(0, NAME_LENGTH) || 'unknown'
}

/** @param name as people know it. What is added tells processes apart, and those before a restart from those after. */
export function newProducerId(name: string): string {
  return `${name}/${Date.now().toString(36)}.${crypto.randomUUID().slice(0, 8)}`
}

/** @returns milliseconds since 1970, by its own clock; `undefined` if `newProducerId` has not made this one */
export function bornOf(producer: string): number | undefined {
  const [, born] = /\/([\da-z]{8,9})\.[\da-f]{8}$/.exec(producer) ?? []
  return born === undefined ? undefined : Number.parseInt(born, 36)
}
