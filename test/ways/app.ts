/** An app with the SDK, on a device of its own, as a phone has it. */
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { connect } from '../../src/client/index.ts'
import type { Storage } from '../../src/client/options.ts'
import type { Deployment } from '../e2e/deployment.ts'
import { tokenFor } from '../e2e/tokens.ts'
import { type Why, why } from './ask.ts'

export interface App {
  /** Resolves with the next event that its handler was given. */
  readonly handled: () => Promise<object>
  readonly close: () => void
}

interface AppOptions {
  /** What the app does with an event. */
  readonly handler?: (event: object) => void
  /** Where it goes on after a restart. */
  readonly storage?: Storage
}

/** What a phone keeps while the app is closed. */
export function memory(): Storage {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key),
    setItem: (key, value) => items.set(key, value),
  }
}

/** Live when it is returned. */
export async function openApp(
  deployment: Deployment,
  userId: string,
  device: string,
  { handler = () => undefined, storage }: AppOptions = {},
): Promise<App> {
  const handled: object[] = []
  let wake = (): void => undefined
  const client = connect({
    url: deployment.wsUrl,
    httpUrl: deployment.httpUrl,
    device,
    WebSocket,
    ...(storage && { storage }),
    getToken: () => tokenFor(deployment, userId),
  })
  onTestFinished(() => {
    client.close()
  })
  client.onAny((event) => {
    handled.push(event)
    wake()
    handler(event)
  })
  await new Promise<void>((resolve) => {
    client.onStatus(({ state }) => {
      if (state === 'live') resolve()
    })
    if (client.status.state === 'live') resolve()
  })
  return {
    handled: async () => {
      while (handled.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return handled.shift() ?? {}
    },
    close: () => {
      client.close()
    },
  }
}

/** What a device tells comes a moment after it has done it: asks until the answer is there, and says what it was if it never is. */
export async function whyOnce(expected: string, ...question: Parameters<typeof why>): Promise<Why> {
  for (let tries = 0; ; tries++) {
    const answer = await why(...question)
    if (answer.reason === expected || tries === 20) return answer
  }
}
