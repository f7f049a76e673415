import type { Announcer } from './announcer.ts'
import { Backend } from './backend.ts'
import type { Config } from './config.ts'
import { Side } from './side.ts'
import { Timeline } from './timeline.ts'
import type { Tokens } from './tokens.ts'

/** Everything that the page shows, connected. */
export interface Console {
  readonly config: Config
  readonly tokens: Tokens
  readonly timeline: Timeline
  readonly backend: Backend
  readonly trainer: Side
  readonly student: Side
}

export interface Users {
  readonly trainer: string
  readonly student: string
}

export function startConsole(config: Config, tokens: Tokens, announcer: Announcer, users: Users): Console {
  const timeline = new Timeline()
  const surroundings = { config, timeline, announcer, tokens }
  return {
    config,
    tokens,
    timeline,
    backend: new Backend(timeline, tokens),
    trainer: new Side(surroundings, 'trainer', users.trainer),
    student: new Side(surroundings, 'student', users.student),
  }
}
