import { matchesWildcard } from '../../gateway/websocket/policy.ts'
import { type JsonObject, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'

/** Whether an event is one that a rule wants. */
export type Matches = (event: JsonObject) => boolean

/** Gets the values at a field: those of a list, or the only one; none if the field is missing. */
type Matcher = (values: readonly unknown[]) => boolean

/**
 * Compiles an event pattern. Source: EventBridge user guide, page eb-create-pattern-operators.
 *
 * @throws TemplateError for an operator that is not understood
 */
export function compileEventPattern(pattern: unknown, where: string): Matches {
  if (!isObject(pattern)) throw new TemplateError(`${where} is no object`)
  const fields = Object.entries(pattern).map(([name, wanted]) =>
    compileField(name, wanted, `${where}.${name}`),
  )
  return (event) => fields.every((matches) => matches(event))
}

function compileField(name: string, wanted: unknown, where: string): Matches {
  if (name === '$or') {
    if (!Array.isArray(wanted)) throw new TemplateError(`${where} is no list`)
    const patterns = wanted.map((one) => compileEventPattern(one, where))
    return (event) => patterns.some((matches) => matches(event))
  }
  if (isObject(wanted)) {
    const inner = compileEventPattern(wanted, where)
    return (event) => {
      const value = own(event, name)
      return inner(isObject(value) ? value : {})
    }
  }
  if (!Array.isArray(wanted)) throw new TemplateError(`${where} is neither a list nor an object`)
  const matchers = wanted.map((one) => compileMatcher(one, where))
  return (event) => {
    const value = own(event, name)
    const values: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
    return matchers.some((matches) => matches(values))
  }
}

function own(event: JsonObject, name: string): unknown {
  return Object.hasOwn(event, name) ? event[name] : undefined
}

function compileMatcher(wanted: unknown, where: string): Matcher {
  if (!isObject(wanted)) return (values) => values.includes(wanted)
  const [[operator, argument] = ['nothing', undefined], ...others] = Object.entries(wanted)
  if (others.length > 0) throw new TemplateError(`${where}: one operator at a time`)
  if (operator === 'exists') return (values) => values.length > 0 === (argument === true)
  if (operator === 'anything-but') return anythingBut(argument, where)
  const test = textTest(operator, argument) ?? numericTest(operator, argument)
  if (!test) throw new TemplateError(`${where}: ${JSON.stringify(wanted)} is not understood`)
  return (values) => values.some(test)
}

function anythingBut(argument: unknown, where: string): Matcher {
  if (isObject(argument)) {
    const inner = compileMatcher(argument, where)
    return (values) => values.length > 0 && !inner(values)
  }
  const unwanted: readonly unknown[] = Array.isArray(argument) ? argument : [argument]
  return (values) => values.some((value) => !unwanted.includes(value))
}

function textTest(operator: string, argument: unknown): ((value: unknown) => boolean) | undefined {
  if (typeof argument !== 'string') return undefined
  const tests: Readonly<Record<string, (text: string) => boolean>> = {
    prefix: (text) => text.startsWith(argument),
    suffix: (text) => text.endsWith(argument),
    'equals-ignore-case': (text) => text.toLowerCase() === argument.toLowerCase(),
    wildcard: (text) => matchesWildcard(argument, text),
  }
  const test = Object.hasOwn(tests, operator) ? tests[operator] : undefined
  return test && ((value) => typeof value === 'string' && test(value))
}

/** `["=", 5]`, or `[">", 0, "<=", 5]`. */
function numericTest(operator: string, argument: unknown): ((value: unknown) => boolean) | undefined {
  if (operator !== 'numeric' || !Array.isArray(argument) || argument.length % 2 !== 0) return undefined
  const bounds: ((value: number) => boolean)[] = []
  for (let at = 0; at < argument.length; at += 2) {
    const bound = numericBound(argument[at], argument[at + 1])
    if (!bound) return undefined
    bounds.push(bound)
  }
  return (value) => typeof value === 'number' && bounds.every((holds) => holds(value))
}

function numericBound(sign: unknown, limit: unknown): ((value: number) => boolean) | undefined {
  if (typeof limit !== 'number') return undefined
  if (sign === '=') return (value) => value === limit
  if (sign === '<') return (value) => value < limit
  if (sign === '<=') return (value) => value <= limit
  if (sign === '>') return (value) => value > limit
  return sign === '>=' ? (value) => value >= limit : undefined
}
