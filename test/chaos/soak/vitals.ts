/** What the server says about itself, without a token. */

export interface Health {
  readonly status: number
  /** The parts that do not work, with what they say. */
  readonly unwell: Readonly<Record<string, string>>
}

export type Metrics = ReadonlyMap<string, number>

const WITHIN_MS = 10_000

/** @returns nothing if the server does not answer */
export async function healthOf(httpUrl: string): Promise<Health | undefined> {
  try {
    const response = await fetch(`${httpUrl}/health`, { signal: AbortSignal.timeout(WITHIN_MS) })
    const { parts } = (await response.json()) as {
      parts: Record<string, { status: string; detail?: string }>
    }
    const unwell = Object.entries(parts).filter(([, { status }]) => status !== 'ok')
    return {
      status: response.status,
      unwell: Object.fromEntries(unwell.map(([name, { detail }]) => [name, detail ?? ''])),
    }
  } catch {
    return undefined
  }
}

/** By name with labels, as they are written there. @returns nothing if the server does not answer */
export async function metricsOf(httpUrl: string): Promise<Metrics | undefined> {
  try {
    const response = await fetch(`${httpUrl}/metrics`, { signal: AbortSignal.timeout(WITHIN_MS) })
    const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice(0, at), Number(line.slice(at + 1))]
      }),
    )
  } catch {
    return undefined
  }
}
