import { asList, isObject, type JsonObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'

/** Reading of JSON whose shape is only known from AWS's documentation. Errors name the place and the value. */

export function objectAt(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value
  throw new TemplateError(`${where} must be an object, not ${shown(value)}`)
}

/** `undefined` is an empty object: the property was left out. */
export function optionalObjectAt(value: unknown, where: string): JsonObject {
  return value === undefined ? {} : objectAt(value, where)
}

export function stringAt(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  throw new TemplateError(`${where} must be a string, not ${shown(value)}`)
}

export function stringsAt(value: unknown, where: string): readonly string[] {
  return asList(value).map((item) => stringAt(item, where))
}

function shown(value: unknown): string {
  return value === undefined ? 'left out' : JSON.stringify(value)
}
