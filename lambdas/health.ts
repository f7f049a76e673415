import type { Logger } from '../src/core/ports.ts'
import { type HttpHandler, json } from './shared/http.ts'

export interface Dependencies {
  /** The parts that must work, each with a check that throws if its part does not. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  readonly logger: Logger
}

interface PartState {
  readonly status: 'ok' | 'failing'
  readonly detail?: string
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

async function stateOf(logger: Logger, part: string, check: () => Promise<void>): Promise<PartState> {
  try {
    await check()
    return { status: 'ok' }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    logger.warn({ part, detail }, 'part is unwell')
    return { status: 'failing', detail }
  }
}
