import { type JsonObject, asList, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'

export interface Resource {
  readonly type: string
  readonly properties: JsonObject
  readonly condition: string | undefined
  readonly dependsOn: readonly string[]
}

/** A CloudFormation template as it was written: nothing is resolved yet. */
export interface Template {
  readonly parameters: JsonObject
  readonly mappings: JsonObject
  readonly conditions: JsonObject
  readonly resources: ReadonlyMap<string, Resource>
  readonly outputs: JsonObject
}

/** `Rules` hold assertions about parameters; CDK's asks which version of the bootstrap stack an account has. */
const sections = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
  'Rules',
])

/** @throws TemplateError for a section that is not understood, such as `Transform` */
export function parseTemplate(json: unknown): Template {
  if (!isObject(json)) throw new TemplateError('the template is not a JSON object')
  const unknown = Object.keys(json).filter((name) => !sections.has(name))
  if (unknown.length > 0) throw new TemplateError(`template section ${unknown.join(', ')} is not understood`)
  const resources = Object.entries(section(json, 'Resources')).map(
    ([id, value]) => [id, parseResource(id, value)] as const,
  )
  return {
    parameters: section(json, 'Parameters'),
    mappings: section(json, 'Mappings'),
    conditions: section(json, 'Conditions'),
    resources: new Map(resources),
    outputs: section(json, 'Outputs'),
  }
}

function section(json: JsonObject, name: string): JsonObject {
  const value = json[name] ?? {}
  if (!isObject(value)) throw new TemplateError(`template section ${name} is not an object`)
  return value
}

function parseResource(id: string, value: unknown): Resource {
  if (!isObject(value) || typeof value['Type'] !== 'string') {
    throw new TemplateError(`resource ${id} has no Type`)
  }
  const { Type, Properties: properties = {}, Condition: condition, DependsOn: dependsOn } = value
  if (!isObject(properties)) throw new TemplateError(`resource ${id}: Properties is not an object`)
  return {
    type: Type,
    properties,
    condition: typeof condition === 'string' ? condition : undefined,
    dependsOn: asList(dependsOn).filter((name) => typeof name === 'string'),
  }
}
