import { type Reason, REASONS } from '../codes.ts'
import type { BegunReceipt, Receipt, ReceiptRecipient, Refusal } from '../ports.ts'
import type { DeviceWay } from './device-way.ts'
import { factsOf, type InspectDependencies, recipientWay } from './event-way.ts'
import { timeText } from './texts.ts'

/** Why one user's screen did or did not show one event: one reason, what it rests on, and what to do. */
export interface Explanation {
  readonly eventId: string
  readonly userId: string
  /** The one that was asked about. */
  readonly device?: string
  readonly reason: Reason
  readonly meaning: string
  readonly evidence: readonly string[]
  readonly remedy: string
  readonly devices: readonly DeviceWay[]
}

export interface Question {
  readonly eventId: string
  readonly userId: string
  /** Of whom alone is asked; all of the user's devices if left out. */
  readonly device?: string
}

interface Finding {
  readonly reason: Reason
  readonly evidence: readonly string[]
  readonly devices?: readonly DeviceWay[]
}

/** No publish takes longer: the pushes of one event have a deadline, and the functions that publish another. */
const UNDER_WAY_MS = 60_000

/** A device may have fetched for itself what nobody pushed, and what is no longer kept nobody can finish. */
const WHOEVER_PUSHED: readonly Reason[] = ['applied', 'handler_threw', 'expired']

/** Clients acknowledge about once a second. */
const FRESH_MS = 5000
const FRESH_TEXT =
  'it was published less than 5 seconds ago, and clients acknowledge about once a second: ask again in a moment'

export async function explain(dependencies: InspectDependencies, question: Question): Promise<Explanation> {
  const [receipt, refusal] = await Promise.all([
    dependencies.log.receipt(question.eventId),
    dependencies.refusals.find(question.eventId),
  ])
  const finding =
    receipt === undefined
      ? absent(refusal)
      : withRefusal(await findOut(dependencies, receipt, question), receipt, refusal)
  const { meaning, remedy } = REASONS[finding.reason]
  return { ...question, devices: [], ...finding, meaning, remedy }
}

function absent(refusal: Refusal | undefined): Finding {
  if (refusal === undefined) {
    return { reason: 'never_published', evidence: ['there is no receipt, and no refusal, under this id'] }
  }
  return { reason: 'refused', evidence: [refusalText(refusal)] }
}

/** An event of the same id was refused later: it may be the one that is asked about. */
function withRefusal(
  finding: Finding,
  { acceptedAt }: { acceptedAt: number },
  refusal: Refusal | undefined,
): Finding {
  if (refusal === undefined || refusal.at < acceptedAt) return finding
  return { ...finding, evidence: [...finding.evidence, `another one of this id was ${refusalText(refusal)}`] }
}

async function findOut(
  dependencies: InspectDependencies,
  receipt: Receipt | BegunReceipt,
  { userId, device }: Question,
): Promise<Finding> {
  if (!receipt.recipients.some((one) => one.userId === userId)) return notNamed(receipt, userId)
  if (receipt.state === 'begun')
    return unfinished(receipt, dependencies.clock.now(), [begunText(receipt, userId)])
  const recipient = recipientOf(receipt, userId)
  const { reason, evidence, devices } = recipientWay(await factsOf(dependencies, receipt, recipient), device)
  if (receipt.state === 'logged' || WHOEVER_PUSHED.includes(reason)) {
    const age = dependencies.clock.now() - receipt.acceptedAt
    const isFresh = reason === 'not_acknowledged' && age < FRESH_MS
    return { reason, evidence: isFresh ? [...evidence, FRESH_TEXT] : evidence, devices }
  }
  const place = `it is in the user’s log, at offset ${recipient.offset}`
  return { ...unfinished(receipt, dependencies.clock.now(), [place, ...evidence]), devices }
}

function recipientOf({ recipients }: Receipt, userId: string): ReceiptRecipient {
  const recipient = recipients.find((one) => one.userId === userId)
  if (recipient === undefined) throw new Error(`the receipt does not name ${userId}`)
  return recipient
}

function notNamed({ recipients, acceptedAt }: Receipt | BegunReceipt, userId: string): Finding {
  const named = recipients.map((one) => `${JSON.stringify(one.userId)} by ${one.field}`)
  const text = `published at ${timeText(acceptedAt)} for ${named.join(', ')}; not for ${JSON.stringify(userId)}`
  return { reason: 'not_a_recipient', evidence: [text] }
}

function unfinished(
  { acceptedAt }: { acceptedAt: number },
  now: number,
  evidence: readonly string[],
): Finding {
  const begun = `a publish of it was begun at ${timeText(acceptedAt)}, and is not finished`
  const reason = now - acceptedAt < UNDER_WAY_MS ? 'publish_under_way' : 'publish_interrupted'
  return { reason, evidence: [begun, ...evidence] }
}

function begunText({ recipients }: BegunReceipt, userId: string): string {
  const offset = recipients.find((one) => one.userId === userId)?.offset
  return offset === undefined ? 'it is not in the user’s log' : `it is in the user’s log, at offset ${offset}`
}

function refusalText({ code, message, path, at }: Refusal): string {
  const where = path === undefined ? '' : `, at ${path === '' ? 'the whole' : path}`
  return `refused at ${timeText(at)} with ${code}${where}: ${message}`
}
