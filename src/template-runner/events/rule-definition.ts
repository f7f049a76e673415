import { type JsonObject, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import type { Properties } from '../template/properties.ts'
import type { Stack, StackResource } from '../template/stack.ts'
import { type Matches, compileEventPattern } from './event-pattern.ts'

export interface TargetDefinition {
  readonly functionId: string
  /** What of an event the function gets. */
  readonly inputOf: (event: JsonObject) => unknown
  /** Where events go that could not be handed over: a queue's ARN. */
  readonly deadLetterArn: string | undefined
}

export interface RuleDefinition {
  readonly id: string
  readonly arn: string
  readonly bus: string
  readonly matches: Matches
  readonly targets: readonly TargetDefinition[]
}

/** Enabled rules. @throws TemplateError for what is not understood, such as a schedule */
export function readRules(stack: Stack): readonly RuleDefinition[] {
  const buses = ['default', ...stack.ofType('AWS::Events::EventBus').map(({ id }) => stack.ref(id))]
  return stack
    .ofType('AWS::Events::Rule')
    .filter(({ properties }) => properties['State'] !== 'DISABLED')
    .map((resource) => readRule(stack, resource, buses))
}

function readRule(stack: Stack, resource: StackResource, buses: readonly string[]): RuleDefinition {
  const properties = stack.open(resource)
  properties.noEffect('Description', 'Name', 'State', 'Tags')
  properties.refuse(['ScheduleExpression'], 'schedules are not served here')
  const bus = (properties.text('EventBusName') ?? 'default').replace(/^.*event-bus\//, '')
  if (!buses.includes(bus)) throw new TemplateError(`${properties.where}: there is no event bus ${bus}`)
  const rule = {
    id: resource.id,
    arn: stack.arn(resource.id),
    bus,
    matches: compileEventPattern(properties.raw('EventPattern'), `${properties.where}.EventPattern`),
    targets: properties.objects('Targets').map((target) => readTarget(stack, target)),
  }
  properties.warnAboutRest()
  return rule
}

function readTarget(stack: Stack, target: Properties): TargetDefinition {
  target.noEffect('Id', 'RetryPolicy')
  target.refuse(['RoleArn', 'SqsParameters'], 'only functions are served as targets')
  target.refuse(['InputTransformer'], 'only Input and InputPath are served')
  const arn = target.requiredText('Arn')
  const found = stack.named('AWS::Lambda::Function', arn)
  if (!found)
    throw new TemplateError(`${target.where}: ${arn} is no function of the template; others are not served`)
  return {
    functionId: found.id,
    inputOf: readInput(target),
    deadLetterArn: target.object('DeadLetterConfig')?.text('Arn'),
  }
}

function readInput(target: Properties): (event: JsonObject) => unknown {
  const constant = target.text('Input')
  if (constant !== undefined) return () => JSON.parse(constant) as unknown
  const path = target.text('InputPath')
  if (path === undefined || path === '$') return (event) => event
  if (!/^\$(\.[\w-]+)+$/.test(path))
    throw new TemplateError(`${target.where}.InputPath: "${path}" is not understood`)
  const keys = path.split('.').slice(1)
  return (event) =>
    keys.reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : null), event)
}
