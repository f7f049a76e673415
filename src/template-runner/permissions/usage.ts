import type { AwsCall } from '../aws-call.ts'
import { withoutConnectionId } from './access-requests.ts'
import type { Statement } from './statements.ts'
import { matchesAction, matchesPattern } from './wildcards.ts'

/** One action on one resource that a statement allows, as written there, and what came of it. */
export interface AllowedPair {
  /** All functions under the role: what one of them uses is used. */
  readonly functions: readonly string[]
  readonly statement: string
  readonly action: string
  readonly resource: string
  /** How often functions used it; what services do with the role is not counted. */
  readonly calls: number
  readonly firstCall: AwsCall | undefined
  /** The actions and resources behind wildcards. */
  readonly actionsUsed: readonly string[]
  readonly resourcesUsed: readonly string[]
}

/** Keeps, for every action and resource of a role's statements, what used it. */
export class Usage {
  readonly #functions: readonly string[]
  readonly #pairs: Pair[]

  constructor(functions: readonly string[], statements: readonly Statement[]) {
    this.#functions = functions
    this.#pairs = statements.filter(({ effect }) => effect === 'Allow').flatMap(pairsOf)
  }

  /** Marks every pair of the statement that covers the action on the resource. Without a call: a service uses it. */
  mark(statement: Statement, action: string, resource: string, call?: AwsCall): void {
    for (const pair of this.#pairs) {
      const covers =
        pair.statement === statement &&
        matchesAction(pair.action, action) &&
        matchesPattern(pair.resource, resource)
      if (covers) markPair(pair, action, resource, call)
    }
  }

  pairs(): AllowedPair[] {
    return this.#pairs.map(({ statement, actionsUsed, resourcesUsed, ...pair }) => ({
      ...pair,
      functions: this.#functions,
      statement: statement.where,
      actionsUsed: [...actionsUsed],
      resourcesUsed: [...resourcesUsed],
    }))
  }
}

interface Pair {
  readonly statement: Statement
  readonly action: string
  readonly resource: string
  calls: number
  firstCall: AwsCall | undefined
  readonly actionsUsed: Set<string>
  readonly resourcesUsed: Set<string>
}

function pairsOf(statement: Statement): Pair[] {
  return statement.actions.flatMap((action) =>
    statement.resources.map((resource) => ({
      ...{ statement, action, resource, calls: 0, firstCall: undefined },
      actionsUsed: new Set<string>(),
      resourcesUsed: new Set<string>(),
    })),
  )
}

function markPair(pair: Pair, action: string, resource: string, call: AwsCall | undefined): void {
  pair.actionsUsed.add(action)
  pair.resourcesUsed.add(withoutConnectionId(resource))
  if (!call) return
  pair.calls += 1
  pair.firstCall ??= call
}
