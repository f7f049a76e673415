import { expect } from 'vitest'
import { Client } from '../../e2e/client.ts'
import type { Deployment } from '../../e2e/deployment.ts'
import { type Published, publish } from '../../e2e/http.ts'
import { tokenFor, unique } from '../../e2e/tokens.ts'
import { run } from '../cli-process.ts'

/** A command of an administrator. */
export async function fanout(target: Deployment, args: readonly string[], stdin?: string) {
  return run([...args, '--url', target.httpUrl], {
    env: { JWT_SECRET: target.secret },
    ...(stdin !== undefined && { stdin }),
  })
}

/** An event that has no id of its own. */
export function anEvent() {
  return {
    type: 'SESSION_COMPLETED',
    timestamp: 1_732_406_400_000,
    sessionId: unique('session'),
    trainerId: unique('trainer'),
    studentId: unique('student'),
  }
}

export async function receiptOf(target: Deployment, id: string): Promise<string> {
  const response = await fetch(`${target.httpUrl}/api/v1/events/${encodeURIComponent(id)}/receipt`, {
    headers: { authorization: `Bearer ${tokenFor(target, 'admin', { scope: 'events:admin' })}` },
  })
  return response.text()
}

/** Published while the trainer's phone is connected, which has applied it. */
export async function applied(
  target: Deployment,
): Promise<{ event: ReturnType<typeof anEvent>; published: Published; phone: Client }> {
  const event = anEvent()
  const phone = await Client.connect(target, event.trainerId)
  await phone.ask({ action: 'resume', device: 'phone' })
  const published = await publish(target, event)
  await phone.next()
  phone.send({ action: 'ack', offset: published.recipients[0]!.offset })
  await expect
    .poll(async () => receiptOf(target, published.id), { timeout: 30_000 })
    .toContain('"reason":"applied"')
  return { event, published, phone }
}
