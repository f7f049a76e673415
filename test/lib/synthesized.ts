/** A template made from the construct, and ways to ask what stands in it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, type AppProps, CfnElement, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import type { IConstruct } from 'constructs'
import { EventFanout } from '../../lib/event-fanout.ts'
import { FUNCTION_NAMES } from '../../lib/function-settings.ts'
import type { EventFanoutProps } from '../../lib/props.ts'

/** The first synthesis of a process loads most of CDK. */
export const SYNTHESIS_MS = 180_000

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DependsOn?: readonly string[]
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

export type Resources = Readonly<Record<string, Resource>>

export interface Synthesized {
  readonly stack: Stack
  readonly fanout: EventFanout
  readonly template: Template
  readonly resources: Resources
}

interface CdkJson {
  readonly context: Record<string, unknown>
}

const cdkJson = JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8')) as CdkJson

/** The feature flags of `cdk.json`, without which the template is another one. */
export const CONTEXT: Readonly<Record<string, unknown>> = cdkJson.context

/**
 * Runs something with an app whose output folder is gone afterwards.
 *
 * CDK checks every template by rules of its own. To load their engine takes several times what all the rest of a
 * process' first synthesis does, so only `template-rules.test.ts` asks for it.
 */
export function withApp<T>(use: (app: App) => T, props: AppProps = {}): T {
  const outdir = mkdtempSync(join(tmpdir(), 'fanout-cdk-'))
  const context = { ...CONTEXT, 'aws:cdk:disable-asset-staging': true, ...props.context }
  try {
    return use(new App({ builtinCloudFormationValidation: false, ...props, outdir, context }))
  } finally {
    rmSync(outdir, { recursive: true, force: true })
  }
}

/** A user's stack with one `EventFanout` in it, and what they add to it. */
export function synthesize(
  props: EventFanoutProps | ((stack: Stack) => EventFanoutProps) = {},
  extend: (fanout: EventFanout, stack: Stack) => void = () => undefined,
): Synthesized {
  return withApp((app) => {
    const stack = new Stack(app, 'Test')
    const fanout = new EventFanout(stack, 'Fanout', typeof props === 'function' ? props(stack) : props)
    extend(fanout, stack)
    const template = Template.fromStack(stack)
    return { stack, fanout, template, resources: resourcesOf(template) }
  })
}

export function resourcesOf(template: Template): Resources {
  return (template.toJSON() as { Resources: Resources }).Resources
}

export function ofType(resources: Resources, type: string): [string, Resource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type === type)
}

/** The one resource of a type with certain properties. */
export function only(
  resources: Resources,
  type: string,
  match: (properties: Resource['Properties']) => boolean = () => true,
): Resource {
  const found = ofType(resources, type).filter(([, { Properties }]) => match(Properties))
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} match, not one`)
  return found[0]![1]
}

export function idOf(stack: Stack, construct: IConstruct): string {
  const element = construct.node.defaultChild
  if (!CfnElement.isCfnElement(element)) throw new Error(`${construct.node.path} is no single resource`)
  return stack.getLogicalId(element)
}

/** Names for the logical ids, so that a test says `<log>` and not `<FanoutLogA2114847.Arn>`. */
export function labelsOf({ stack, fanout, resources }: Synthesized): ReadonlyMap<string, string> {
  const named: [string, IConstruct | undefined][] = [
    ['log', fanout.logTable],
    ['connections', fanout.connectionsTable],
    ['queue', fanout.queue],
    ['dead letters', fanout.deadLetterQueue],
    ['secret', fanout.secret],
    ...FUNCTION_NAMES.map((name) => [name, fanout.functions[name]] as [string, IConstruct]),
  ]
  const labels = named.flatMap(([label, construct]): [string, string][] =>
    construct?.node.defaultChild ? [[idOf(stack, construct), label]] : [],
  )
  const apis = ofType(resources, 'AWS::ApiGatewayV2::Api').map(([id, { Properties }]): [string, string] => [
    id,
    Properties['ProtocolType'] === 'HTTP' ? 'http' : 'sockets',
  ])
  const logs = ofType(resources, 'AWS::Lambda::Function').map(([id, { Properties }]): [string, string] => {
    const { LogGroup } = Properties['LoggingConfig'] as { LogGroup: { Ref: string } }
    return [LogGroup.Ref, `logs of ${new Map(labels).get(id) ?? id}`]
  })
  return new Map([...labels, ...apis, ...logs])
}

/** A value with references in it as text: `<label>` for a resource, its attributes not told apart. */
export function flat(value: unknown, labels: ReadonlyMap<string, string> = new Map()): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const {
    Ref: reference,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string]; 'Fn::Join'?: [string, unknown[]] }
  if (join) return join[1].map((part) => flat(part, labels)).join(join[0])
  const id = reference ?? attribute?.[0]
  return id === undefined ? JSON.stringify(value) : `<${labels.get(id) ?? id}>`
}

interface Statement {
  readonly Effect: string
  readonly Action: string | string[]
  readonly Resource: unknown
}

export interface PolicyDocument {
  readonly Statement: readonly Statement[]
}

/** Everything a role may do, as `action on resource`, sorted. */
export function rightsOf(
  resources: Resources,
  roleId: string,
  labels: ReadonlyMap<string, string>,
): string[] {
  const role = resources[roleId]!.Properties
  const inline = (role['Policies'] ?? []) as { PolicyDocument: PolicyDocument }[]
  const attached = ofType(resources, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => JSON.stringify(Properties['Roles']).includes(`"${roleId}"`))
    .map(([, { Properties }]) => Properties as unknown as { PolicyDocument: PolicyDocument })
  const managed = ((role['ManagedPolicyArns'] ?? []) as unknown[]).map((arn) => `all of ${flat(arn, labels)}`)
  const statements = [...inline, ...attached].flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
  return [...managed, ...statements.flatMap((statement) => pairsOf(statement, labels))].sort()
}

function pairsOf({ Effect, Action, Resource }: Statement, labels: ReadonlyMap<string, string>): string[] {
  const resources = [Resource].flat()
  return [Action]
    .flat()
    .flatMap((action) =>
      resources.map(
        (resource) => `${Effect === 'Allow' ? '' : 'not '}${action} on ${flat(resource, labels)}`,
      ),
    )
}

/** The logical id of a function's role. */
export function roleOf(
  { resources, stack, fanout }: Synthesized,
  name: keyof EventFanout['functions'],
): string {
  const { Role } = resources[idOf(stack, fanout.functions[name])]!.Properties as {
    Role: { 'Fn::GetAtt': [string, string] }
  }
  return Role['Fn::GetAtt'][0]
}

/** A function's variables, as text. */
export function variablesOf(synthesized: Synthesized, name: keyof EventFanout['functions']) {
  const { stack, fanout, resources } = synthesized
  const { Environment } = resources[idOf(stack, fanout.functions[name])]!.Properties as {
    Environment: { Variables: Record<string, unknown> }
  }
  const labels = labelsOf(synthesized)
  return Object.fromEntries(
    Object.entries(Environment.Variables).map(([variable, value]) => [variable, flat(value, labels)]),
  )
}
