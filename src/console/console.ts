import { Admin } from './admin.ts'
import type { Announcer } from './announcer.ts'
import { Backend } from './backend.ts'
import type { Config } from './config.ts'
import { Side } from './side.ts'
import { Timeline } from './timeline.ts'
import type { Tokens } from './tokens.ts'
import { Way } from './way.ts'

/** Everything that the page shows, connected. */
export interface Console {
  readonly config: Config
  readonly tokens: Tokens
  readonly timeline: Timeline
  readonly backend: Backend
  readonly trainer: Side
  readonly student: Side
  readonly way: Way
  readonly announcer: Announcer
}

export interface Users {
  readonly trainer: string
  readonly student: string
}

export function startConsole(config: Config, tokens: Tokens, announcer: Announcer, users: Users): Console {
  const timeline = new Timeline()
  const admin = new Admin(tokens)
  const way = startWay(admin)
  const onProgress = (): void => {
    way.poke()
  }
  const surroundings = { config, timeline, announcer, tokens, admin, onProgress }
  return {
    config,
    tokens,
    timeline,
    backend: new Backend(timeline, tokens),
    trainer: new Side(surroundings, 'trainer', users.trainer),
    student: new Side(surroundings, 'student', users.student),
    way,
    announcer,
  }
}

function startWay(admin: Admin): Way {
  const way = new Way({
    look: async (eventId) => admin.wayOf(eventId),
    now: Date.now,
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds)
      return () => {
        clearTimeout(timer)
      }
    },
    isHidden: () => document.visibilityState === 'hidden',
  })
  document.addEventListener('visibilitychange', () => {
    way.wake()
  })
  return way
}
