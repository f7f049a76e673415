import type { Published } from '../publisher/results.ts'
import { detailOf, Refusal } from './refusal.ts'

/** In milliseconds; a server that restarts is back by then. */
const PAUSES = [250, 500, 1000, 2000, 4000]

/**
 * Publishes an event, as a backend would. What failed on the way is tried again: the id of an event without one follows from its
 * content, so that a retry is no second event.
 *
 * @throws Error with the server's own words if it refuses the event, or cannot be reached for some seconds
 */
export async function publish(event: object, token: () => Promise<string>): Promise<Published> {
  const body = JSON.stringify(event)
  for (const pause of PAUSES) {
    const answer = await attempt(body, token).catch((error: unknown) => error as Error)
    if (answer instanceof Refusal) throw answer
    if (!(answer instanceof Error)) return answer
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  return attempt(body, token)
}

async function attempt(body: string, token: () => Promise<string>): Promise<Published> {
  const response = await fetch('/api/v1/events', {
    method: 'POST',
    headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
    body,
  })
  if (response.ok) return (await response.json()) as Published
  const text = `${response.status} ${detailOf(await response.text())}`
  throw response.status >= 500 ? new Error(text) : new Refusal(text)
}
