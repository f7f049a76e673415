import { type JsonObject, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'

/**
 * Reads the properties of one resource, and remembers which were read: what nobody asked for may change behaviour on AWS,
 * so `warnAboutRest` lists it.
 */
export class Properties {
  readonly where: string
  readonly #values: JsonObject
  readonly #warn: (text: string) => void
  readonly #known = new Set<string>()
  readonly #nested: Properties[] = []

  constructor(where: string, values: JsonObject, warn: (text: string) => void) {
    this.where = where
    this.#values = values
    this.#warn = warn
  }

  raw(name: string): unknown {
    this.#known.add(name)
    return this.#values[name]
  }

  text(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (typeof value === 'string') return value
    return typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : this.#fail(name, 'a text')
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.#fail(name, 'a text')
  }

  /** CloudFormation takes numbers as texts, too. */
  number(name: string): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const number = typeof value === 'string' && value !== '' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? number : this.#fail(name, 'a number')
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (value === true || value === 'true') return true
    return value === false || value === 'false' ? false : this.#fail(name, 'true or false')
  }

  list(name: string): readonly unknown[] {
    const value = this.raw(name)
    if (value === undefined) return []
    return Array.isArray(value) ? value : this.#fail(name, 'a list')
  }

  texts(name: string): readonly string[] {
    const list = this.list(name)
    return list.every((one) => typeof one === 'string') ? list : this.#fail(name, 'a list of texts')
  }

  object(name: string): Properties | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    return isObject(value) ? this.#nest(name, value) : this.#fail(name, 'an object')
  }

  /** An object whose keys are names of the template's own. */
  entries(name: string): readonly (readonly [key: string, properties: Properties])[] {
    const value = this.raw(name) ?? {}
    if (!isObject(value)) return this.#fail(name, 'an object')
    return Object.entries(value).map(([key, one]) =>
      isObject(one)
        ? ([key, this.#nest(`${name}.${key}`, one)] as const)
        : this.#fail(name, 'a map of objects'),
    )
  }

  objects(name: string): readonly Properties[] {
    return this.list(name).map((value, index) =>
      isObject(value) ? this.#nest(`${name}.${index}`, value) : this.#fail(name, 'a list of objects'),
    )
  }

  /** What is understood, and changes nothing on this machine. */
  noEffect(...names: readonly string[]): void {
    for (const name of names) this.#known.add(name)
  }

  /** @throws TemplateError where the template has one of these */
  refuse(names: readonly string[], why: string): void {
    for (const name of names) {
      if (this.raw(name) !== undefined) throw new TemplateError(`${this.where}.${name}: ${why}`)
    }
  }

  warnAboutRest(): void {
    for (const name of Object.keys(this.#values)) {
      if (this.#known.has(name)) continue
      this.#warn(`${this.where}.${name} is not understood and has no effect here; on AWS it may have one`)
    }
    for (const nested of this.#nested) nested.warnAboutRest()
  }

  #nest(name: string, values: JsonObject): Properties {
    const nested = new Properties(`${this.where}.${name}`, values, this.#warn)
    this.#nested.push(nested)
    return nested
  }

  #fail(name: string, expected: string): never {
    const value = JSON.stringify(this.#values[name])
    throw new TemplateError(`${this.where}.${name} is ${value}; expected ${expected}`)
  }
}
