import { type JsonObject, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import { type Assembly, readAssembly } from './assembly.ts'
import { Intrinsics, type Surroundings } from './intrinsics.ts'
import { namesOf } from './physical.ts'
import { Properties } from './properties.ts'
import { servedTypes, typesWithoutEffect } from './resource-types.ts'

/** A resource that exists (its condition holds), with every intrinsic function replaced by its value on AWS. */
export interface StackResource {
  readonly id: string
  readonly type: string
  readonly properties: JsonObject
  readonly dependsOn: readonly string[]
}

/** One stack, as AWS would see it. */
export class Stack {
  readonly assembly: Assembly
  readonly surroundings: Surroundings
  readonly outputs: Readonly<Record<string, string>>
  /** What was not understood but need not be refused. */
  readonly warnings: string[] = []
  readonly #resources = new Map<string, StackResource>()
  readonly #intrinsics: Intrinsics

  /** @throws TemplateError for a resource type or an intrinsic function that is not understood */
  constructor(assembly: Assembly) {
    const { template, stackName, region, account } = assembly
    this.assembly = assembly
    this.surroundings = {
      stackName,
      region: region ?? 'us-east-1',
      account: account ?? '000000000000',
      partition: 'aws',
      urlSuffix: 'amazonaws.com',
    }
    this.#intrinsics = new Intrinsics(template, this.surroundings)
    const existing = [...template.resources].filter(
      ([, { condition }]) => condition === undefined || this.#intrinsics.condition(condition),
    )
    refuseUnknown(existing.map(([id, { type }]) => ({ id, type })))
    for (const [id, { type, properties, dependsOn }] of existing) {
      if (!servedTypes.has(type)) continue
      const resolved = this.#intrinsics.resolve(properties, id) as JsonObject
      this.#resources.set(id, { id, type, properties: resolved, dependsOn })
    }
    this.outputs = this.#readOutputs(template.outputs)
  }

  /** @throws TemplateError if there is none */
  assetFolder(s3Key: string): string {
    return this.assembly.assetFolder(s3Key)
  }

  ofType(...types: readonly string[]): readonly StackResource[] {
    return [...this.#resources.values()].filter(({ type }) => types.includes(type))
  }

  get(id: string): StackResource | undefined {
    return this.#resources.get(id)
  }

  /** The value of `Ref` on AWS. */
  ref(id: string): string {
    return String(this.#intrinsics.resolve({ Ref: id }, id))
  }

  attribute(id: string, name: string): string {
    return String(this.#intrinsics.resolve({ 'Fn::GetAtt': [id, name] }, id))
  }

  arn(id: string): string {
    return this.attribute(id, 'Arn')
  }

  /** The resource of a type that a property names by its `Ref` or its ARN. */
  named(type: string, name: string): StackResource | undefined {
    return this.ofType(type).find(
      ({ id }) => this.ref(id) === name || (namesOf(type)?.attributes?.['Arn'] && this.arn(id) === name),
    )
  }

  open({ id, type, properties }: StackResource): Properties {
    return new Properties(`${type} ${id}`, properties, (text) => {
      this.warn(text)
    })
  }

  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text)
  }

  #readOutputs(outputs: JsonObject): Record<string, string> {
    const existing = Object.entries(outputs).filter(
      ([, output]) =>
        isObject(output) &&
        (typeof output['Condition'] !== 'string' || this.#intrinsics.condition(output['Condition'])),
    )
    return Object.fromEntries(
      existing.map(([name, output]) => {
        const value = isObject(output) ? output['Value'] : undefined
        return [name, String(this.#intrinsics.resolve(value, `output ${name}`))]
      }),
    )
  }
}

export function readStack(folder: string, name?: string): Stack {
  return new Stack(readAssembly(folder, name))
}

function refuseUnknown(resources: readonly { id: string; type: string }[]): void {
  const unknown = resources.filter(
    ({ type }) => !servedTypes.has(type) && !Object.hasOwn(typesWithoutEffect, type),
  )
  if (unknown.length === 0) return
  const list = unknown.map(({ id, type }) => `${id} (${type})`).join(', ')
  throw new TemplateError(
    `this runner does not know what these do: ${list}. Serve them, or list them in resource-types.ts as without effect`,
  )
}
