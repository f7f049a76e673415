import { type JsonObject, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import { type Facts, namesOf } from './physical.ts'
import type { Resource, Template } from './template.ts'

export interface Surroundings {
  readonly stackName: string
  readonly region: string
  readonly account: string
  readonly partition: string
  readonly urlSuffix: string
}

/** What `Ref: AWS::NoValue` gives: the property that has it does not exist. */
const noValue = Symbol('AWS::NoValue')

type Intrinsic = (argument: unknown, where: string) => unknown

/**
 * Evaluates a template's intrinsic functions to what they would give on AWS. Source: CloudFormation's intrinsic function
 * reference. An unknown one is an error.
 */
export class Intrinsics {
  readonly #template: Template
  readonly #surroundings: Surroundings
  /** Names that are being worked out, to notice one that depends on itself. */
  readonly #open = new Set<string>()

  constructor(template: Template, surroundings: Surroundings) {
    this.#template = template
    this.#surroundings = surroundings
  }

  /** @param where names the place in error messages */
  resolve(value: unknown, where: string): unknown {
    const resolved = this.#resolve(value, where)
    return resolved === noValue ? undefined : resolved
  }

  /** Whether a condition of the template holds. */
  condition(name: string): boolean {
    const condition = this.#template.conditions[name]
    if (condition === undefined) throw new TemplateError(`condition ${name} is not in the template`)
    return this.#guarded(`condition ${name}`, () => this.#truth(condition, `condition ${name}`))
  }

  #resolve(value: unknown, where: string): unknown {
    if (Array.isArray(value))
      return value.map((one) => this.#resolve(one, where)).filter((one) => one !== noValue)
    if (!isObject(value)) return value
    const [name, ...others] = Object.keys(value)
    if (name !== undefined && others.length === 0 && /^(Ref|Condition|Fn::.+)$/.test(name)) {
      // `Condition` is a function only inside of conditions; a policy statement has a key of the same name.
      if (name !== 'Condition' || typeof value[name] === 'string') return this.#call(name, value[name], where)
    }
    const entries = Object.entries(value).map(
      ([key, one]) => [key, this.#resolve(one, `${where}.${key}`)] as const,
    )
    return Object.fromEntries(entries.filter(([, one]) => one !== noValue))
  }

  #call(name: string, argument: unknown, where: string): unknown {
    const intrinsic = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined
    if (!intrinsic) throw new TemplateError(`${where}: ${name} is not understood`)
    return intrinsic(argument, where)
  }

  readonly #functions: Readonly<Record<string, Intrinsic>> = {
    Ref: (argument, where) => this.#ref(this.#text(argument, where), where),
    Condition: (argument, where) => this.condition(this.#text(argument, where)),
    'Fn::GetAtt': (argument, where) => {
      const parts = typeof argument === 'string' ? argument.split('.') : this.#texts(argument, where)
      return this.#attribute(parts[0] ?? '', parts.slice(1).join('.'), where)
    },
    'Fn::Join': (argument, where) => {
      const [separator, list] = this.#pair(argument, where)
      return this.#texts(list, where).join(this.#text(separator, where))
    },
    'Fn::Sub': (argument, where) => this.#substitute(argument, where),
    'Fn::Select': (argument, where) => {
      const [index, list] = this.#pair(argument, where)
      const found = this.#list(list, where)[Number(this.#resolve(index, where))]
      if (found === undefined) throw new TemplateError(`${where}: Fn::Select has no element ${String(index)}`)
      return found
    },
    'Fn::Split': (argument, where) => {
      const [separator, text] = this.#pair(argument, where)
      return this.#text(text, where).split(this.#text(separator, where))
    },
    'Fn::Base64': (argument, where) => Buffer.from(this.#text(argument, where)).toString('base64'),
    'Fn::FindInMap': (argument, where) => {
      const path = this.#texts(argument, where)
      const found = path.reduce<unknown>(
        (at, key) => (isObject(at) ? at[key] : undefined),
        this.#template.mappings,
      )
      if (found === undefined) throw new TemplateError(`${where}: Fn::FindInMap finds no ${path.join('.')}`)
      return this.#resolve(found, where)
    },
    'Fn::If': (argument, where) => {
      if (!Array.isArray(argument) || argument.length !== 3) {
        throw new TemplateError(`${where}: Fn::If takes a condition and two values`)
      }
      const [condition, yes, no] = argument as readonly unknown[]
      return this.#resolve(this.condition(this.#text(condition, where)) ? yes : no, where)
    },
    'Fn::Equals': (argument, where) => {
      const [left, right] = this.#pair(argument, where)
      return this.#resolve(left, where) === this.#resolve(right, where)
    },
    'Fn::Not': (argument, where) => !this.#truths(argument, where)[0],
    'Fn::And': (argument, where) => this.#truths(argument, where).every(Boolean),
    'Fn::Or': (argument, where) => this.#truths(argument, where).some(Boolean),
  }

  #ref(name: string, where: string): unknown {
    if (name.startsWith('AWS::')) return this.#pseudo(name, where)
    const parameter = this.#template.parameters[name]
    if (isObject(parameter)) {
      // Parameters get no values here, as in `cdk deploy` without `--parameters`.
      if (parameter['Default'] !== undefined) return parameter['Default']
      throw new TemplateError(
        `${where}: parameter ${name} has no default, and this runner takes no parameters`,
      )
    }
    const resource = this.#existing(name, where)
    const names = namesOf(resource.type)
    if (!names) throw new TemplateError(`${where}: Ref of ${name}, a ${resource.type}, is not understood`)
    return this.#guarded(`Ref ${name}`, () => names.ref(this.#facts(name, resource)))
  }

  #attribute(name: string, attribute: string, where: string): string {
    const resource = this.#existing(name, where)
    const attributes = namesOf(resource.type)?.attributes ?? {}
    const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined
    if (!value) {
      throw new TemplateError(
        `${where}: Fn::GetAtt ${name}.${attribute} of a ${resource.type} is not understood`,
      )
    }
    return this.#guarded(`GetAtt ${name}.${attribute}`, () => value(this.#facts(name, resource)))
  }

  #pseudo(name: string, where: string): unknown {
    const { stackName, region, account, partition, urlSuffix } = this.#surroundings
    const values: JsonObject = {
      'AWS::AccountId': account,
      'AWS::NoValue': noValue,
      'AWS::NotificationARNs': [],
      'AWS::Partition': partition,
      'AWS::Region': region,
      'AWS::StackId': `arn:${partition}:cloudformation:${region}:${account}:stack/${stackName}/local`,
      'AWS::StackName': stackName,
      'AWS::URLSuffix': urlSuffix,
    }
    if (!Object.hasOwn(values, name)) throw new TemplateError(`${where}: ${name} is not understood`)
    return values[name]
  }

  #existing(name: string, where: string): Resource {
    const resource = this.#template.resources.get(name)
    if (!resource) throw new TemplateError(`${where}: there is no resource or parameter ${name}`)
    if (resource.condition !== undefined && !this.condition(resource.condition)) {
      throw new TemplateError(`${where}: resource ${name} does not exist, for ${resource.condition} is false`)
    }
    return resource
  }

  #facts(id: string, resource: Resource): Facts {
    return {
      ...this.#surroundings,
      id,
      text: (name) => {
        const value = this.resolve(resource.properties[name], `${id}.${name}`)
        return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
          ? String(value)
          : undefined
      },
    }
  }

  #substitute(argument: unknown, where: string): string {
    const [template, variables] = Array.isArray(argument) ? (argument as unknown[]) : [argument, {}]
    if (typeof template !== 'string' || !isObject(variables)) {
      throw new TemplateError(`${where}: Fn::Sub takes a text, or a text and its variables`)
    }
    return template.replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
      if (literal) return `\${${name}}`
      if (Object.hasOwn(variables, name)) return this.#text(variables[name], where)
      const [id = '', ...attribute] = name.split('.')
      if (attribute.length > 0) return this.#attribute(id, attribute.join('.'), where)
      return this.#text({ Ref: name }, where)
    })
  }

  #guarded<T>(what: string, work: () => T): T {
    if (this.#open.has(what)) throw new TemplateError(`${what} depends on itself`)
    this.#open.add(what)
    try {
      return work()
    } finally {
      this.#open.delete(what)
    }
  }

  #truth(value: unknown, where: string): boolean {
    const resolved = this.#resolve(value, where)
    if (typeof resolved === 'boolean') return resolved
    throw new TemplateError(`${where}: ${JSON.stringify(value)} is neither true nor false`)
  }

  #truths(argument: unknown, where: string): boolean[] {
    if (!Array.isArray(argument)) throw new TemplateError(`${where}: expected a list of conditions`)
    return argument.map((one) => this.#truth(one, where))
  }

  #pair(argument: unknown, where: string): [unknown, unknown] {
    if (Array.isArray(argument) && argument.length === 2) return [argument[0], argument[1]]
    throw new TemplateError(`${where}: expected two arguments, got ${JSON.stringify(argument)}`)
  }

  #list(value: unknown, where: string): readonly unknown[] {
    const resolved = this.#resolve(value, where)
    if (Array.isArray(resolved)) return resolved
    throw new TemplateError(`${where}: expected a list, got ${JSON.stringify(resolved)}`)
  }

  #texts(value: unknown, where: string): string[] {
    return this.#list(value, where).map((one) => this.#text(one, where))
  }

  #text(value: unknown, where: string): string {
    const resolved = this.#resolve(value, where)
    if (typeof resolved === 'string') return resolved
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved)
    throw new TemplateError(`${where}: expected a text, got ${JSON.stringify(resolved)}`)
  }
}
