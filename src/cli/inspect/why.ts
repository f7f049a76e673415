import type { DeviceWay } from '../../core/why/device-way.ts'
import type { Explanation } from '../../core/why/explain.ts'
import { type AdminOptions, ask } from './admin.ts'
import { eventIdFrom } from './event-id.ts'
import { print } from './print.ts'
import { segment } from './segment.ts'

export interface WhyOptions extends AdminOptions {
  readonly user: string
  readonly event: string
  readonly device?: string
  readonly json?: boolean
}

/** Prints why a user's screen did or did not show an event. @returns whether it was applied. @throws CliError */
export async function why({ user, event, device, json = false, ...options }: WhyOptions): Promise<boolean> {
  const query = new URLSearchParams({ user, ...(device !== undefined && { device }) })
  const path = `/api/v1/events/${segment('event', await eventIdFrom(event))}/why?${query.toString()}`
  const { text, value } = await ask<Explanation>(options, path)
  print(json ? text : linesOf(value))
  return value.reason === 'applied'
}

function linesOf(explanation: Explanation): string[] {
  const { eventId, userId, device, reason, meaning, evidence, remedy, devices } = explanation
  const whose = device === undefined ? userId : `${userId}, device ${device}`
  return [
    `${reason}: ${meaning}`,
    `  event ${eventId}`,
    `  user ${whose}`,
    '',
    ...(evidence.length === 0 ? [] : ['What is known:', ...evidence.map((text) => `  ${text}`), '']),
    ...(devices.length < 2 ? [] : ['Device by device:', ...devices.map(deviceLine), '']),
    'What to do:',
    `  ${remedy}`,
  ]
}

function deviceLine({ device, isNamed, isConnected, reason }: DeviceWay): string {
  const name = isNamed ? device : `${device}, a connection without a device name`
  return `  ${name}${isConnected ? ', connected' : ''}: ${reason}`
}
