import { randomUUID } from 'node:crypto'
import { RequestTooLargeError } from '../functions/function-error.ts'
import { type JsonObject, isObject } from '../json.ts'
import { allows, queueStatements } from '../permissions/service-access.ts'
import type { RunnerLog } from '../runner-log.ts'
import type { LambdaPermissions } from '../template/lambda-permissions.ts'
import type { Stack } from '../template/stack.ts'
import type { AsyncInvoker } from './async-invoker.ts'
import type { QueueSender } from './queue-sender.ts'
import type { RuleDefinition, TargetDefinition } from './rule-definition.ts'

/** As PutEvents takes it. */
export interface EventEntry {
  readonly Source?: string
  readonly DetailType?: string
  /** A JSON object, as text. */
  readonly Detail?: string
  readonly EventBusName?: string
  readonly Resources?: readonly string[]
}

export type EntryResult =
  { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string }

export interface PutEventsResult {
  readonly FailedEntryCount: number
  readonly Entries: readonly EntryResult[]
}

export interface EventBusSettings {
  readonly stack: Stack
  readonly rules: readonly RuleDefinition[]
  readonly permissions: LambdaPermissions
  readonly invoker: AsyncInvoker
  readonly sender: QueueSender
  readonly log: RunnerLog
}

/** Why a target's function was not invoked. Source of the codes: EventBridge user guide, page eb-rule-dlq. */
interface Failure {
  readonly code: 'NO_PERMISSIONS' | 'ERROR_FROM_TARGET'
  readonly message: string
}

const principal = 'events.amazonaws.com'

/** EventBridge's buses: hands events to the functions of the rules that want them. */
export class EventBus {
  readonly #settings: EventBusSettings

  constructor(settings: EventBusSettings) {
    this.#settings = settings
    for (const { id, targets } of settings.rules) {
      for (const { deadLetterArn } of targets) {
        if (deadLetterArn !== undefined)
          settings.sender.check(deadLetterArn, `the dead-letter queue of rule ${id}`)
      }
    }
  }

  /** Accepts all that are well-formed, as EventBridge does: nobody hears of what a rule's function makes of them. */
  async put(entries: readonly EventEntry[]): Promise<PutEventsResult> {
    const results: EntryResult[] = []
    for (const entry of entries) results.push(await this.#putOne(entry))
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results }
  }

  async #putOne(entry: EventEntry): Promise<EntryResult> {
    const { Source: source = '', DetailType: detailType = '', EventBusName: busName = 'default' } = entry
    if (source === '')
      return refused(
        'InvalidArgument',
        'Parameter Source is not valid. Reason: Source is a required argument.',
      )
    if (detailType === '') {
      return refused(
        'InvalidArgument',
        'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
      )
    }
    if (source.startsWith('aws.')) return refused('NotAuthorizedForSource', 'Not authorized for the source.')
    const detail = parseDetail(entry.Detail)
    if (!detail) return refused('MalformedDetail', 'Detail is malformed.')
    const { region, account } = this.#settings.stack.surroundings
    const event = {
      version: '0',
      id: randomUUID(),
      'detail-type': detailType,
      source,
      account,
      time: `${new Date().toISOString().slice(0, 19)}Z`,
      region,
      resources: entry.Resources ?? [],
      detail,
    }
    await this.#dispatch(event, busName.replace(/^.*event-bus\//, ''))
    return { EventId: event.id }
  }

  async #dispatch(event: JsonObject, busName: string): Promise<void> {
    for (const rule of this.#settings.rules) {
      if (rule.bus !== busName || !rule.matches(event)) continue
      for (const target of rule.targets) await this.#hand(event, rule, target)
    }
  }

  async #hand(event: JsonObject, rule: RuleDefinition, target: TargetDefinition): Promise<void> {
    const { permissions, invoker, log } = this.#settings
    const where = { rule: rule.id, function: target.functionId }
    const missing = permissions.missing(target.functionId, principal, rule.arn)
    if (missing !== undefined) {
      log.error({ ...where, missing }, 'a function was not invoked: a permission is missing')
      await this.#failed(event, rule, target, { code: 'NO_PERMISSIONS', message: missing })
      return
    }
    try {
      invoker.invoke(target.functionId, target.inputOf(event), 'rule')
    } catch (error) {
      if (!(error instanceof RequestTooLargeError)) throw error
      log.error({ ...where, error: error.message }, 'a function was not invoked: the event is too large')
      // Trying again would not help. Which of its codes EventBridge gives here is not documented.
      await this.#failed(event, rule, target, { code: 'ERROR_FROM_TARGET', message: error.message })
    }
  }

  async #failed(
    event: JsonObject,
    rule: RuleDefinition,
    target: TargetDefinition,
    { code, message }: Failure,
  ): Promise<void> {
    const { log, sender, stack } = this.#settings
    const { deadLetterArn: arn } = target
    const queue = arn === undefined ? undefined : stack.named('AWS::SQS::Queue', arn)
    if (arn === undefined || !queue) return
    const access = { action: 'sqs:SendMessage', resource: arn, service: principal, sourceArn: rule.arn }
    if (!allows(queueStatements(stack, stack.ref(queue.id)), access)) {
      log.error(
        { rule: rule.id, queue: arn },
        'an event was lost: the policy of the dead-letter queue does not let EventBridge send',
      )
      return
    }
    await sender.send(arn, event, undefined, {
      ERROR_CODE: code,
      ERROR_MESSAGE: message,
      RULE_ARN: rule.arn,
      TARGET_ARN: stack.arn(target.functionId),
    })
  }
}

function parseDetail(detail: string | undefined): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(detail ?? '')
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function refused(code: string, message: string): EntryResult {
  return { ErrorCode: code, ErrorMessage: message }
}
