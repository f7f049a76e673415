import { isObject, type JsonObject } from '../json.ts'
import { optionalObjectAt } from './expected.ts'

/** A synthesized CloudFormation template, intrinsics and all. */
export interface PolicyTemplate {
  readonly Resources?: Readonly<Record<string, PolicyTemplateResource>>
}

export interface PolicyTemplateResource {
  readonly Type: string
  readonly Properties?: unknown
}

/** Replaces `Ref`, `Fn::GetAtt`, `Fn::Join`, … by their values, at any depth. */
export type Resolve = (value: unknown) => unknown

export interface NamedResource {
  readonly id: string
  /** As in the template: intrinsics unresolved, for the references between resources are the point. */
  readonly properties: JsonObject
}

export function resourcesOfType(template: PolicyTemplate, ...types: readonly string[]): NamedResource[] {
  return Object.entries(template.Resources ?? {})
    .filter(([, { Type }]) => types.includes(Type))
    .map(([id, { Properties }]) => ({ id, properties: optionalObjectAt(Properties, `Properties of ${id}`) }))
}

/** The logical id that a `Ref` or a `Fn::GetAtt` points to, or undefined for anything else. */
export function logicalIdOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined
  if (typeof value['Ref'] === 'string') return value['Ref']
  const attribute = value['Fn::GetAtt']
  if (typeof attribute === 'string') return attribute.split('.')[0]
  const first: unknown = Array.isArray(attribute) ? attribute[0] : undefined
  return typeof first === 'string' ? first : undefined
}
