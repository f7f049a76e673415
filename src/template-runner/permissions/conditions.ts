import { asList } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import { objectAt, stringAt } from './expected.ts'
import { matchesArn, matchesPattern } from './wildcards.ts'

/** One line of a statement's Condition block. */
export interface Condition {
  /** Without set prefix and `IfExists`. */
  readonly operator: string
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined
  readonly ifExists: boolean
  readonly key: string
  readonly values: readonly string[]
  /** Where it stands, for errors. */
  readonly where: string
}

/**
 * Condition keys in lower case with the values that the request carries; an empty list for a key it has not. They are
 * asked for only where a statement depends on them.
 */
export type ConditionContext = ReadonlyMap<string, () => readonly string[]>

type Compare = (wanted: string, actual: string) => boolean

const same: Compare = (wanted, actual) => wanted === actual
const sameIgnoringCase: Compare = (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase()

/** Source: IAM user guide, "IAM JSON policy elements: Condition operators". */
const OPERATORS = new Map<string, { readonly compare: Compare; readonly negated?: true }>([
  ['StringEquals', { compare: same }],
  ['StringNotEquals', { compare: same, negated: true }],
  ['StringEqualsIgnoreCase', { compare: sameIgnoringCase }],
  ['StringNotEqualsIgnoreCase', { compare: sameIgnoringCase, negated: true }],
  ['StringLike', { compare: matchesPattern }],
  ['StringNotLike', { compare: matchesPattern, negated: true }],
  ['ArnEquals', { compare: matchesArn }],
  ['ArnLike', { compare: matchesArn }],
  ['ArnNotEquals', { compare: matchesArn, negated: true }],
  ['ArnNotLike', { compare: matchesArn, negated: true }],
  ['Bool', { compare: sameIgnoringCase }],
])

export function parseConditions(block: unknown, where: string): Condition[] {
  if (block === undefined) return []
  return Object.entries(objectAt(block, `Condition of ${where}`)).flatMap(([operator, keys]) =>
    Object.entries(objectAt(keys, `${operator} of ${where}`)).map(([key, values]) => ({
      ...parseOperator(operator, where),
      key,
      values: asList(values).map((value) => textOf(value, `${key} of ${where}`)),
      where,
    })),
  )
}

/** Whether every condition of a statement holds: it applies only then. */
export function conditionsHold(conditions: readonly Condition[], context: ConditionContext): boolean {
  return conditions.every((condition) => holds(condition, context))
}

function parseOperator(written: string, where: string): Pick<Condition, 'operator' | 'set' | 'ifExists'> {
  const [, set, name = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(written) ?? []
  if (!OPERATORS.has(name))
    throw new TemplateError(
      `${where} has the condition operator ${written}, which is not understood here. ` +
        `Understood: ${[...OPERATORS.keys()].join(', ')}, with ForAllValues:, ForAnyValue: and IfExists. ` +
        'Add it to OPERATORS, or write the policy without it.',
    )
  return { operator: name, set: set as Condition['set'], ifExists: ifExists !== undefined }
}

function holds(condition: Condition, context: ConditionContext): boolean {
  const actual = valuesInRequest(condition, context)
  const { compare, negated = false } = OPERATORS.get(condition.operator) ?? { compare: same }
  const fits = (value: string) => condition.values.some((wanted) => compare(wanted, value)) !== negated
  if (condition.set === 'ForAllValues') return actual.every(fits)
  if (condition.set === 'ForAnyValue') return actual.some(fits)
  // A key that the request has not: no match, which is what a negated operator asks for.
  if (actual.length === 0) return condition.ifExists || negated
  return actual.every(fits)
}

function valuesInRequest({ key, where }: Condition, context: ConditionContext): readonly string[] {
  const values = context.get(key.toLowerCase())
  if (values) return values()
  throw new TemplateError(
    `${where} depends on ${key}, whose value in a call is not known here (known: ${[...context.keys()].join(', ')}). ` +
      'Give it in the option `conditionKeys`, or write the policy without it.',
  )
}

function textOf(value: unknown, where: string): string {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : stringAt(value, where)
}
