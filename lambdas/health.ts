import type { Logger } from '../src/core/ports.ts'
import { type HttpHandler, json } from './shared/http.ts'

export interface Dependencies {
  /** The parts that must work. */
  readonly checks: Readonly<Record<string, HealthCheck>>
  readonly logger: Logger
}

/** Throws if its part does not work; answers what can be counted about it, if anything. */
export type HealthCheck = () => Promise<Readonly<Record<string, number>> | undefined>

interface PartState {
  readonly status: 'ok' | 'failing'
  readonly detail?: string
  readonly [count: string]: string | number | undefined
}

/** `GET /health`: 200 if every part works, else 503 and which does not. */
export function createHandler({ checks, logger }: Dependencies): HttpHandler {
  return async () => {
    const parts = await Promise.all(
      Object.entries(checks).map(
        async ([name, check]) => [name, await stateOf(logger, name, check)] as const,
      ),
    )
    const healthy = parts.every(([, { status }]) => status === 'ok')
    const body = { status: healthy ? 'ok' : 'failing', parts: Object.fromEntries(parts) }
    return json(healthy ? 200 : 503, JSON.stringify(body))
  }
}

async function stateOf(logger: Logger, part: string, check: HealthCheck): Promise<PartState> {
  try {
    return { status: 'ok', ...(await check()) }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    logger.warn({ part, detail }, 'part is unwell')
    return { status: 'failing', detail }
  }
}
